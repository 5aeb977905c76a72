from collections.abc import Iterable
from typing import Final

from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.detect.left_alone import well
from planaria_operator.detect.selection import selected
from planaria_operator.guard.causes import TargetKey, key_of
from planaria_operator.guard.population import required_healthy, under_repair
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

RETRY_SECONDS: Final = 30


class MinHealthy:
    """With many things broken at once a common cause is likely, and acting on them one by one makes it worse.

    Counts the other workloads that the policy selects; for a node, the other nodes. One that a Remediation is still open
    for counts as unhealthy, however it looks at the moment. Where this is the one Remediation of a shared cause, those
    that share it are its own symptoms and not among the others.
    """

    name = "min-healthy"

    def check(self, proposal: Proposal) -> Verdict:
        wanted = proposal.policy.spec.guardrails.min_healthy
        others, noun = _others(proposal)
        busy = under_repair(proposal.store)
        healthy = sum(each.meta.uid not in busy and _healthy(proposal.store, each) for each in others)
        required = required_healthy(wanted, len(others))
        message = f"{healthy} of {len(others)} other {noun} are healthy; {required} are required ({wanted})"
        if healthy >= required:
            return allow(self, message)
        return refuse(self, Reason.TOO_FEW_HEALTHY, message, RETRY_SECONDS)


def _others(proposal: Proposal) -> tuple[list[Workload] | list[Node], str]:
    """Without what shows the fault and without what would be acted on. Raises LookupError where those are unknown."""
    targets = (proposal.target, proposal.plan.target)
    excluded = {key_of(each) for each in targets} | _symptoms(proposal)
    if proposal.target.kind == "Node":
        nodes = list(proposal.store.nodes())
        _must_know(targets, nodes)
        staying = (node for node in nodes if not node.meta.deleting)
        return [node for node in staying if node.meta.key not in excluded], "nodes"
    known: list[Workload | Node] = list(proposal.store.workloads(proposal.namespace))
    known += _target_node(proposal)
    _must_know(targets, known)
    workloads = selected(proposal.store, proposal.policy)
    same_node = _share_its_node(proposal)
    others = [each for each in workloads if each.meta.key not in excluded and each.meta.uid not in same_node]
    return others, "workloads"


def _target_node(proposal: Proposal) -> list[Node]:
    """Where a node is closed for the workloads that fail on it."""
    on_node = proposal.plan.target.kind == "Node"
    node = proposal.store.node(proposal.plan.target.name) if on_node else None
    return [node] if node else []


def _symptoms(proposal: Proposal) -> frozenset[TargetKey]:
    own = key_of(proposal.target)
    group = proposal.weather.groups.get(own)
    return group.members if group and group.lead == own else frozenset()


def _share_its_node(proposal: Proposal) -> frozenset[str]:
    """Uids. Where a node is closed for all that fail on it, those are its own symptoms too."""
    shared = proposal.weather.shared_nodes.get(proposal.target.uid or "")
    if shared and proposal.plan.target.kind == "Node" and shared.lead == proposal.target.uid:
        return shared.members
    return frozenset()


def _must_know(targets: Iterable[ObjectReference], known: Iterable[Workload | Node]) -> None:
    present = {view.meta.key for view in known}
    for target in targets:
        if key_of(target) not in present:
            raise LookupError(f"{target} is not known here, so nothing can be said of the others either")


def _healthy(store: ClusterStore, view: Workload | Node) -> bool:
    return view.ready if isinstance(view, Node) else well(store, view)
