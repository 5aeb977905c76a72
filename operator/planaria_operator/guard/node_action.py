from typing import Final

from planaria_contract import Action
from planaria_operator.api.plan import Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

SOFT: Final = frozenset({Verb.AVOID, Verb.UNAVOID})
"""A passing preference of the scheduler: it moves nothing that runs, and is taken off again."""


class NodeAction:
    """The symptom of a workload does not justify an action on a node, which concerns everything that runs there."""

    name = "node-action"

    def check(self, proposal: Proposal) -> Verdict:
        hard = [call for call in proposal.calls if call.object.kind == "Node" and call.verb not in SOFT]
        on_node = bool(hard) or proposal.plan.action is Action.ISOLATE
        if not on_node:
            return allow(self, "no node is acted on")
        if proposal.target.kind == "Node":
            return allow(self, f"{proposal.target} itself shows the fault")
        message = f"only {proposal.target} shows a fault; {proposal.plan.action.value} would act on a node"
        return refuse(self, Reason.WORKLOAD_SYMPTOM, message, 300)
