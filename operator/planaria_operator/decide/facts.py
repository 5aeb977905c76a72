"""What the runbook's conditions ask of a situation. Every number that a rule depends on has its name here."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from planaria_contract import Action, DependencyFact, ObjectRef
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.release import Release

LOW_CONFIDENCE: Final = 0.4
"""Below this two explanations weigh about the same, so the first answer is to look once more."""

SIBLING_CALM: Final = 0.75
"""Share of the memory limit below which a sibling is not under the pressure that killed the affected pod."""


@dataclass(frozen=True)
class Facts(Release):
    """A reading of one situation."""

    # --- how far it reaches

    @property
    def target(self) -> ObjectRef:
        return self.situation.observation.target

    @property
    def pod_names(self) -> tuple[str, ...]:
        return tuple(pod.name for pod in self.affected)

    @property
    def total(self) -> int:
        desired = self.workload.desired if self.workload else 0
        return max(desired, len(self.situation.observation.pods))

    @property
    def some_pods(self) -> bool:
        """Part of the replicas are affected, and part are fine."""
        return 0 < len(self.affected) < self.total

    @property
    def one_pod_of_several(self) -> bool:
        return len(self.affected) == 1 < self.total

    @property
    def reach(self) -> str:
        return f"{len(self.affected)} of {self.total} pods"

    # --- memory

    @cached_property
    def sibling_memory(self) -> float | None:
        """The fullest unaffected pod's memory as a share of its limit, where that was measured."""
        names = {pod.name for pod in self.situation.observation.unaffected}
        shares = [
            series.saturation
            for series in self.situation.observation.metrics
            if "memory" in series.name and any(part in names for part in series.subject.split("/"))
        ]
        return max((share for share in shares if share is not None), default=None)

    @property
    def confined(self) -> bool:
        """The fault is one pod's own: its siblings carry the same load under the same limit with room to spare."""
        if not self.some_pods:
            return False
        if self.sibling_memory is not None:
            return self.sibling_memory < SIBLING_CALM
        return len(self.affected) * 2 <= self.total

    @property
    def siblings(self) -> str:
        share = self.sibling_memory
        return "their use was not measured" if share is None else f"the fullest uses {share:.0%} of its limit"

    # --- what the target depends on

    @cached_property
    def broken_dependency(self) -> DependencyFact | None:
        """A dependency with nothing behind it; the one that the semantic state names comes first."""
        broken = [each for each in self.situation.observation.dependencies if each.ready_endpoints == 0]
        named = self.situation.state.component.rsplit("/", maxsplit=1)[-1]
        return next((each for each in broken if named in _names(each)), broken[0] if broken else None)

    @property
    def dependency_at_zero(self) -> bool:
        workload = self.broken_dependency.workload if self.broken_dependency else None
        return workload is not None and workload.desired == 0

    # --- nodes

    @cached_property
    def lost_node(self) -> str | None:
        """The node that is not ready and holds affected pods; the target itself where that is a node."""
        lost = {node.name for node in self.situation.observation.nodes if not node.ready}
        if self.target.kind == "Node":
            return self.target.name if self.target.name in lost else None
        return next((pod.node for pod in self.affected if pod.node in lost), None)

    @property
    def suspect_node(self) -> str | None:
        """The node at fault, by its own conditions or by what several workloads on it show."""
        if self.target.kind == "Node":
            return self.lost_node
        return self.situation.shared_node

    @property
    def running(self) -> tuple[str, ...]:
        """Affected pods in which something runs that a command could be given to."""
        if self.workload is None:
            return ()
        return tuple(pod.name for pod in self.affected if pod.waiting_reason is None and pod.node)

    @property
    def movable(self) -> tuple[str, ...]:
        """Affected pods on the lost node that would come back elsewhere. One that has no node is on no lost one."""
        lost = self.lost_node
        return tuple(pod.name for pod in self.affected if lost and pod.movable and pod.node == lost)

    # --- what was done so far

    @property
    def waits(self) -> int:
        return sum(1 for tried in self.situation.tried if tried.action == Action.NONE.value)

    @property
    def actions(self) -> int:
        return len(self.situation.tried) - self.waits

    @property
    def unsure(self) -> bool:
        """Also where the policy asks for more confidence than there is: later evidence may be better."""
        asked = any(mask.reason == Reason.LOW_CONFIDENCE for mask in self.situation.masks)
        return asked or self.situation.state.confidence < LOW_CONFIDENCE


def _names(dependency: DependencyFact) -> set[str]:
    workload = dependency.workload
    return {dependency.service, workload.ref.name} if workload else {dependency.service}
