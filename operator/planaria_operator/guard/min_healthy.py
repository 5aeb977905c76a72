import math
from collections.abc import Iterable
from typing import Final

from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.detect.selection import selected
from planaria_operator.guard.verdict import Proposal, Verdict
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.workload import Workload

RETRY_SECONDS: Final = 30


class MinHealthy:
    """With many things broken at once a common cause is likely, and acting on them one by one makes it worse.

    Counts the other workloads that the policy selects; for a node, the other nodes. One that a Remediation is still open
    for counts as unhealthy, however it looks at the moment.
    """

    name = "min-healthy"

    def check(self, proposal: Proposal) -> Verdict:
        wanted = proposal.policy.spec.guardrails.min_healthy
        others, noun = _others(proposal)
        under_repair = _under_repair(proposal)
        healthy = sum(1 for each in others if _healthy(each) and each.meta.uid not in under_repair)
        required = required_healthy(wanted, len(others))
        message = f"{healthy} of {len(others)} other {noun} are healthy; {required} are required ({wanted})"
        if healthy >= required:
            return Verdict(self.name, True, Reason.ALLOWED, message)
        return Verdict(self.name, False, Reason.TOO_FEW_HEALTHY, message, RETRY_SECONDS)


def required_healthy(wanted: int | str, total: int) -> int:
    """How many of `total` must be healthy. A percentage rounds up. Raises ValueError where `wanted` is neither."""
    if isinstance(wanted, int):
        return wanted
    if not wanted.endswith("%"):
        raise ValueError(f"minHealthy {wanted!r}: must be a whole number or a share such as 50%")
    return math.ceil(int(wanted.removesuffix("%")) * total / 100)


def _others(proposal: Proposal) -> tuple[list[Workload] | list[Node], str]:
    """Without what shows the fault and without what would be acted on. Raises LookupError where those are unknown."""
    excluded = (proposal.remediation.spec.target, proposal.plan.target)
    if proposal.remediation.spec.target.kind == "Node":
        nodes = list(proposal.store.nodes())
        _must_know(excluded, nodes)
        return [node for node in nodes if not _is_any(node, excluded)], "nodes"
    _must_know(excluded, list(proposal.store.workloads(proposal.policy.namespace)))
    workloads = selected(proposal.store, proposal.policy)
    return [workload for workload in workloads if not _is_any(workload, excluded)], "workloads"


def _must_know(targets: Iterable[ObjectReference], known: Iterable[Workload | Node]) -> None:
    present = {(view.meta.kind, view.meta.name) for view in known}
    for target in targets:
        if (target.kind, target.name) not in present:
            raise LookupError(f"{target} is not known here, so nothing can be said of the others either")


def _is_any(view: Workload | Node, references: Iterable[ObjectReference]) -> bool:
    return any((view.meta.kind, view.meta.name) == (each.kind, each.name) for each in references)


def _healthy(view: Workload | Node) -> bool:
    return view.ready if isinstance(view, Node) else view.healthy


def _under_repair(proposal: Proposal) -> set[str]:
    """Uids of the targets of Remediations that are not finished."""
    unfinished = (each for each in proposal.store.remediations.values() if not each.status.finished)
    return {each.spec.target.uid for each in unfinished if each.spec.target.uid}
