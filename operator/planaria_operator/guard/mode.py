from typing import Final

from planaria_operator.api.healing_policy import Mode
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict

RETRY_SECONDS: Final = 60
"""A changed policy shows within a minute; the record is brought up to date as often."""


class EnforceMode:
    """Only a policy that says Enforce is acted on."""

    name = "mode"

    def check(self, proposal: Proposal) -> Verdict:
        mode = proposal.policy.spec.mode
        message = f"mode of HealingPolicy {proposal.policy.name} is {mode.value}"
        if mode is Mode.ENFORCE:
            return Verdict(self.name, True, Reason.ALLOWED, message)
        return Verdict(self.name, False, Reason.OBSERVE_MODE, message, RETRY_SECONDS)
