from typing import Final

from planaria_operator.api.actions import Mode
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

RETRY_SECONDS: Final = 60
"""An answer is heard at once; until then what is proposed is looked at anew as often as under Recommend."""


class Approved:
    """Under mode Approve: exactly this plan has been approved, and the approval still holds.

    Asked last, so that nobody is asked for what another guard would refuse in any case.
    """

    name = "approval"

    def check(self, proposal: Proposal) -> Verdict:
        action = proposal.plan.action
        mode = proposal.policy.spec.mode_of(action)
        if mode is not Mode.APPROVE:
            return allow(self, f"mode of {action.value} is {mode.value}: nobody is asked")
        if why := proposal.store.unwatched.get("Approval"):
            raise LookupError(f"nobody's answer can be seen: {why}")
        asked, digest = proposal.remediation.status.open_proposal, proposal.plan.digest
        if asked and asked.approved_at and asked.digest == digest and proposal.now < asked.expires_at:
            return allow(self, f"{asked.approved_by} approved plan {digest}")
        message = f"mode of {action.value} is Approve: a person has to approve the plan first"
        return refuse(self, Reason.AWAITING_APPROVAL, message, RETRY_SECONDS)
