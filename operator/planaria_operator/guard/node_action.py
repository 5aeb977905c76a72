from typing import Final

from planaria_contract import Action
from planaria_operator.api.plan import Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.population import under_way
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse
from planaria_operator.objects.cordon import closed_by_planaria

SOFT: Final = frozenset({Verb.AVOID, Verb.UNAVOID})
"""A passing preference of the scheduler: it moves nothing that runs, and is taken off again."""

DEFAULT_MAX_NODES: Final = 1


class NodeAction:
    """The symptom of a workload does not justify an action on a node, which concerns everything that runs there.

    The node's own fault does, and so do the faults of several workloads that all show on it and nowhere else. Then one
    Remediation acts for all of them. However good the reason, no more nodes are closed at a time than the policy says.
    """

    name = "node-action"

    def check(self, proposal: Proposal) -> Verdict:
        nodes = _acted_on(proposal)
        if not nodes:
            return allow(self, "no node is acted on")
        refusal = (
            self._of_another(proposal, nodes)
            or self._not_at_fault(proposal, nodes)
            or self._too_many(proposal, nodes)
        )
        return refusal or allow(self, _why(proposal))

    def _of_another(self, proposal: Proposal, nodes: set[str]) -> Verdict | None:
        """A node is one target, whoever has pods on it: the most specific policy that would isolate it has it."""
        held = proposal.weather.held_nodes
        for name in sorted(nodes & held.keys()):
            message = f"{held[name]} is more specific, lists isolate too, and has node {name}"
            return refuse(self, Reason.NODE_OF_ANOTHER_POLICY, message)
        return None

    def _not_at_fault(self, proposal: Proposal, nodes: set[str]) -> Verdict | None:
        own = {proposal.target.name} if proposal.target.kind == "Node" else set()
        shared = proposal.weather.shared_nodes.get(proposal.target.uid or "")
        if nodes <= own:
            return None
        if shared is None or not nodes <= {shared.node}:
            message = (
                f"only {proposal.target} shows a fault; {proposal.plan.action.value} would act on a node"
            )
            return refuse(self, Reason.WORKLOAD_SYMPTOM, message, 300)
        if shared.lead != proposal.target.uid:
            lead = f"Remediation {shared.remediation}" if shared.remediation else "another incident"
            message = (
                f"one of {len(shared.members)} workloads with a fault on {shared.node}; {lead} treats it"
            )
            return refuse(self, Reason.SHARED_CAUSE, message)
        return None

    def _too_many(self, proposal: Proposal, nodes: set[str]) -> Verdict | None:
        """Asked again under the lock: two that were planned at the same time must not both be the last one."""
        entry = proposal.policy.spec.allows(Action.ISOLATE)
        most = (entry and entry.max_nodes) or DEFAULT_MAX_NODES
        closed = {node.meta.name for node in closed_by_planaria(proposal.store)} | _under_way(proposal)
        others = sorted(closed - nodes)
        if len(others) < most:
            return None
        message = f"Planaria has cordoned {', '.join(others[:4])}; maxNodes of isolate is {most}"
        return refuse(self, Reason.TOO_MANY_NODES, message)


def _acted_on(proposal: Proposal) -> set[str]:
    """Names of the nodes that would be changed for more than a passing preference."""
    hard = (call.object for call in proposal.calls if call.verb not in SOFT)
    found = {each.name for each in hard if each.kind == "Node"}
    return found | ({proposal.plan.target.name} if proposal.plan.action is Action.ISOLATE else set())


def _under_way(proposal: Proposal) -> set[str]:
    """Nodes that other Remediations are isolating, whose cordon the watch may not have shown yet."""
    open_ones = (
        each.status.attempt
        for each in under_way(proposal.store, proposal.now)
        if each.uid != proposal.remediation.uid
    )
    return {each.plan.target.name for each in open_ones if each and each.plan.action is Action.ISOLATE}


def _why(proposal: Proposal) -> str:
    shared = proposal.weather.shared_nodes.get(proposal.target.uid or "")
    if proposal.target.kind == "Node" or shared is None:
        return f"{proposal.target} itself shows the fault"
    return f"treats node {shared.node} for {len(shared.members)} workloads that fail there and nowhere else"
