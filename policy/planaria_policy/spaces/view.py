"""One question, read the way that encoding and decoding both need it."""

from dataclasses import dataclass
from functools import cached_property

from planaria_contract import Consultation, DependencyFact, Observation, PodFact, WorkloadFact


@dataclass(frozen=True)
class View:
    asked: Consultation

    @property
    def observation(self) -> Observation:
        return self.asked.observation

    @property
    def workload(self) -> WorkloadFact | None:
        return self.observation.workload

    @cached_property
    def affected(self) -> tuple[PodFact, ...]:
        return self.observation.affected

    @property
    def total(self) -> int:
        return max(self.workload.desired if self.workload else 0, len(self.observation.pods))

    @property
    def some(self) -> bool:
        """Part of the pods are affected, and part are fine."""
        return 0 < len(self.affected) < self.total

    @cached_property
    def holding(self) -> frozenset[str]:
        """Nodes with affected pods."""
        return frozenset(pod.node for pod in self.affected if pod.node)

    @property
    def spread(self) -> frozenset[str]:
        """Nodes with any of the pods."""
        return frozenset(pod.node for pod in self.observation.pods if pod.node)

    @property
    def not_ready(self) -> frozenset[str]:
        return frozenset(node.name for node in self.observation.nodes if not node.ready)

    @property
    def pressed(self) -> frozenset[str]:
        return frozenset(node.name for node in self.observation.nodes if node.pressure)

    @cached_property
    def older(self) -> tuple[PodFact, ...]:
        """Pods of an older revision than the newest."""
        newest = self.workload.revision if self.workload else None
        known = (pod for pod in self.observation.pods if newest and pod.revision)
        return tuple(pod for pod in known if pod.revision != newest)

    @cached_property
    def broken(self) -> DependencyFact | None:
        """A dependency with nothing behind it; one that stands at zero comes first, because that can be mended."""
        broken = [each for each in self.observation.dependencies if each.ready_endpoints == 0]
        return next((each for each in broken if each.workload and each.workload.desired == 0), None) or next(
            iter(broken), None
        )

    @property
    def at_zero(self) -> bool:
        return (
            self.broken is not None and self.broken.workload is not None and self.broken.workload.desired == 0
        )

    @property
    def age(self) -> float:
        """Seconds since the incident was first visible; where nobody says so, since its oldest symptom."""
        if self.asked.age_seconds is not None:
            return self.asked.age_seconds
        since = [symptom.since for symptom in self.observation.symptoms]
        return max(0.0, (self.observation.time - min(since)).total_seconds()) if since else 0.0

    def pods_on(self, node: str) -> tuple[int, int]:
        """(affected, unaffected)."""
        here = [pod.affected for pod in self.observation.pods if pod.node == node]
        return sum(here), len(here) - sum(here)
