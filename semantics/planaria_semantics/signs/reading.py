"""An observation, read once: the questions that rules ask of it."""

import re
import statistics
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, NamedTuple

from planaria_contract import (
    DependencyFact,
    EventFact,
    Fault,
    LogLine,
    MetricSeries,
    NodeFact,
    Observation,
    PodFact,
)
from planaria_semantics.signs.signatures import bounded, recognise

_NUMBER: Final = re.compile(r"[0-9a-f]{8,}|\d+")
_NODE_LOST: Final = frozenset({"NodeNotReady", "NodeLost"})
RECENT_REVISION: Final = 1800
"""Seconds in which a fault of a new revision alone is laid at its door."""
BEFORE: Final = timedelta(minutes=2)
"""A cause may show in an event some time before its symptom does."""


class Hit(NamedTuple):
    """A kind of line that speaks of a fault: its first occurrence, and how often it came."""

    line: LogLine
    times: int


class Reading:
    def __init__(self, observation: Observation) -> None:
        self.observation = observation
        self._affected = {pod.name for pod in observation.affected}

    # --- how far it reaches

    @property
    def affected(self) -> tuple[PodFact, ...]:
        return self.observation.affected

    @property
    def total(self) -> int:
        workload = self.observation.workload
        return max(workload.desired if workload else 0, len(self.observation.pods))

    @property
    def reach(self) -> str:
        target = self.observation.target
        if not self.observation.pods:
            return str(target)
        place = "on" if target.kind == "Node" else "of"
        return f"{len(self.affected)} of {self.total} pods {place} {target}"

    @property
    def single(self) -> PodFact | None:
        """The one affected pod of several."""
        return self.affected[0] if len(self.affected) == 1 < self.total else None

    # --- logs

    @cached_property
    def hits(self) -> dict[Fault, list[Hit]]:
        """What the affected pods' logs speak of, most frequent first. Lines alike but for numbers count together."""
        shapes: dict[str, LogLine] = {}
        counts: Counter[str] = Counter()
        for line in self.observation.logs:
            if line.pod in self._affected:
                shape = _NUMBER.sub("0", bounded(line.text))
                shapes.setdefault(shape, line)
                counts[shape] += 1
        found: dict[Fault, list[Hit]] = {}
        for shape, count in counts.most_common():
            fault = recognise(shapes[shape].text)
            if fault:
                found.setdefault(fault, []).append(Hit(shapes[shape], count))
        return found

    @cached_property
    def calm_faults(self) -> frozenset[Fault]:
        """Faults that a healthy sibling's log speaks of as well: there, too, it is not what takes a pod down."""
        lines = (
            line for line in self.observation.logs if line.pod not in self._affected and not line.dependent
        )
        return frozenset(fault for line in lines if (fault := recognise(line.text)))

    def silent(self, pod: PodFact, seconds: float) -> bool:
        """True where a pod's log had lines and then stopped, while its siblings' went on."""
        last = self._last_line(pod.name)
        others = [self._last_line(each.name) for each in self.observation.unaffected]
        newest = max((time for time in others if time), default=None)
        if last is None or newest is None:
            return False
        return (newest - last).total_seconds() > seconds

    def _last_line(self, pod: str) -> datetime | None:
        times = (line.time for line in self.observation.logs if line.pod == pod and line.time)
        return max(times, default=None)

    # --- events

    def holds(self, event: EventFact) -> bool:
        """False for what is no warning, for what was over before the first symptom began, and for what a node suffers
        whose pods need not be touched by it.
        """
        if self._aside(event):
            return False
        began = min((symptom.since for symptom in self.observation.symptoms), default=None)
        over = began and event.last_seen and event.last_seen < began - BEFORE
        return not over and (event.warning or event.reason == "Killing")

    def _aside(self, event: EventFact) -> bool:
        about = self.observation.target
        return event.subject.kind == "Node" != about.kind and event.reason not in _NODE_LOST

    def has_run(self, pod: str) -> bool:
        """True for a pod whose containers were created at least once."""
        fact = next((each for each in self.observation.pods if each.name == pod), None)
        if fact is None or fact.node is None:
            return False
        return fact.last_termination is not None or fact.waiting_reason is None

    # --- metrics

    def saturated(self, name: str, share: float) -> Iterator[tuple[int, MetricSeries]]:
        """Index and series of the affected pods at or above `share` of their limit."""
        for index, series in enumerate(self.observation.metrics):
            full = series.saturation
            if series.name == name and full is not None and full >= share and _pod(series) in self._affected:
                yield index, series

    def sibling_median(self, name: str) -> float | None:
        values = [
            series.last
            for series in self.observation.metrics
            if series.name == name and series.last is not None and _pod(series) not in self._affected
        ]
        return statistics.median(values) if values else None

    # --- the world around

    @property
    def lost_nodes(self) -> tuple[NodeFact, ...]:
        """Nodes that are not ready and carry affected pods, or are the target."""
        used = {pod.node for pod in self.affected} | {self.observation.target.name}
        return tuple(node for node in self.observation.nodes if not node.ready and node.name in used)

    @property
    def strained_nodes(self) -> tuple[NodeFact, ...]:
        used = {pod.node for pod in self.affected}
        return tuple(node for node in self.observation.nodes if node.pressure and node.name in used)

    @property
    def broken_dependencies(self) -> tuple[DependencyFact, ...]:
        return tuple(each for each in self.observation.dependencies if each.ready_endpoints == 0)

    @property
    def new_revision_only(self) -> bool:
        """Every affected pod is of a young revision, and no pod of an older one is affected."""
        workload = self.observation.workload
        if workload is None or workload.previous_revision is None or not self.affected:
            return False
        age = workload.revision_age_seconds
        young = workload.rollout_in_progress or (age is not None and age < RECENT_REVISION)
        return young and all(pod.revision == workload.revision for pod in self.affected)

    @property
    def old_revision_serves(self) -> bool:
        workload = self.observation.workload
        return workload is not None and any(
            pod.ready and pod.revision != workload.revision for pod in self.observation.unaffected
        )


def _pod(series: MetricSeries) -> str:
    return series.subject.split("/")[0]
