"""Whether the world is whole again, judged from the API server alone."""

from dataclasses import dataclass
from typing import Self

from planaria_scenarios.history import History
from planaria_scenarios.model import Oracle, Template
from planaria_scenarios.views import Pod, Workload


@dataclass(frozen=True)
class Known:
    """One workload as it was before the fault."""

    uid: str
    generation: int
    desired: int
    template: str
    pods: dict[str, Pod]
    """By uid."""


@dataclass(frozen=True)
class Baseline:
    """The namespace before the fault."""

    workloads: dict[str, Known]

    @classmethod
    def of(cls, history: History) -> Self:
        return cls({workload.ref: _known(workload, history) for workload in history.workloads})


def _known(workload: Workload, history: History) -> Known:
    pods = {pod.uid: pod for pod in history.pods_of(workload)}
    return Known(workload.uid, workload.generation, workload.desired, workload.template, pods)


def unhealthy(oracle: Oracle, baseline: Baseline, history: History, answering: frozenset[str]) -> list[str]:
    """Every reason why this does not count as recovered; empty where it does. `answering`: uids of pods that answer HTTP."""
    found = []
    for ref in (oracle.workload, *oracle.also):
        same = oracle.template is Template.SAME
        found += _workload(ref, baseline.workloads.get(ref), history, answering, same_template=same)
    return found


def lost_for_good(oracle: Oracle, baseline: Baseline, history: History) -> list[str]:
    """What no waiting brings back: a workload that was deleted, or made anew under the same name."""
    found = []
    for ref in (oracle.workload, *oracle.also):
        known, present = baseline.workloads.get(ref), history.workload(ref)
        if known is not None and present is None:
            found.append(f"{ref} was deleted")
        elif known is not None and present is not None and present.uid != known.uid:
            found.append(f"{ref} was deleted and made anew")
    return found


def _workload(
    ref: str, known: Known | None, history: History, answering: frozenset[str], *, same_template: bool
) -> list[str]:
    workload = history.workload(ref)
    if workload is None:
        return [f"{ref} does not exist"]
    if known is not None and workload.uid != known.uid:
        return [f"{ref} is another object than before"]
    if ref.startswith("Job/"):
        return [] if workload.complete else [f"{ref} has not completed"]
    found = [*_spec(workload, known, same_template=same_template), *_rollout(workload)]
    return found or _replicas(workload, history.pods_of(workload), answering)


def _spec(workload: Workload, known: Known | None, *, same_template: bool) -> list[str]:
    found = []
    least = known.desired if known else 1
    if workload.desired < max(least, 1):
        found.append(f"{workload.ref} wants {workload.desired} replicas, had {least}")
    if same_template and known and workload.template != known.template:
        found.append(f"{workload.ref} does not have its template from before the fault")
    return found


def _rollout(workload: Workload) -> list[str]:
    if workload.observed < workload.generation:
        return [f"{workload.ref}: its controller has not seen generation {workload.generation}"]
    if workload.updated < workload.desired:
        return [
            f"{workload.ref}: {workload.updated} of {workload.desired} replicas are of the present revision"
        ]
    return []


def _replicas(workload: Workload, pods: list[Pod], answering: frozenset[str]) -> list[str]:
    if len(pods) != workload.desired:
        return [f"{workload.ref} has {len(pods)} pods, wants {workload.desired}"]
    if waiting := [pod.name for pod in pods if not pod.ready]:
        return [f"{workload.ref}: not ready: {', '.join(sorted(waiting))}"]
    if silent := [pod.name for pod in pods if pod.uid not in answering]:
        return [f"{workload.ref}: does not answer: {', '.join(sorted(silent))}"]
    return []


def ready_pods(oracle: Oracle, history: History) -> list[Pod]:
    """The pods that must answer, where all else is well."""
    refs = [ref for ref in (oracle.workload, *oracle.also) if not ref.startswith("Job/")]
    workloads = [workload for ref in refs if (workload := history.workload(ref))]
    return [pod for workload in workloads for pod in history.pods_of(workload) if pod.ready]


@dataclass
class Settling:
    """Health that lasts. One bad moment starts the span anew."""

    seconds: float
    since: float | None = None
    breaks: int = 0
    """How often it was healthy and then not."""

    def update(self, *, healthy: bool, now: float) -> bool:
        """True once health has lasted `seconds`; `since` is then when it began."""
        if not healthy:
            self.breaks += self.since is not None
            self.since = None
            return False
        if self.since is None:
            self.since = now
        return now - self.since >= self.seconds
