from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse


class ConfidenceFloor:
    """Nothing is done about a fault that is less sure than the policy, or its entry for the action, asks for."""

    name = "confidence"

    def check(self, proposal: Proposal) -> Verdict:
        floor = proposal.policy.spec.confidence_floor(proposal.plan.action)
        message = f"{proposal.confidence}% sure; {proposal.plan.action.value} asks for {floor}%"
        if proposal.confidence >= floor:
            return allow(self, message)
        return refuse(self, Reason.LOW_CONFIDENCE, message)
