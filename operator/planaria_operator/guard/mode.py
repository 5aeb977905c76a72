from typing import Final

from planaria_operator.api.actions import Mode
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

RETRY_SECONDS: Final = 60
"""A changed policy shows within a minute; the record is brought up to date as often."""

REASONS: Final = {Mode.OBSERVE: Reason.OBSERVE_MODE, Mode.RECOMMEND: Reason.RECOMMENDED}


class EnforceMode:
    """Only what the policy lists, and enforces or lets a person approve, is done; an action may have a mode of its own."""

    name = "mode"

    def check(self, proposal: Proposal) -> Verdict:
        action = proposal.plan.action
        policy = f"{proposal.policy.kind} {proposal.policy.name}"
        if proposal.policy.spec.allows(action) is None:  # it did when the action was planned
            message = f"{policy} does not list {action.value}"
            return refuse(self, Reason.NOT_ALLOWED_BY_POLICY, message, RETRY_SECONDS)
        mode = proposal.policy.spec.mode_of(action)
        message = f"mode of {action.value} in {policy} is {mode.value}"
        if mode in {Mode.APPROVE, Mode.ENFORCE}:  # a person is asked last, by the guard `approval`
            return allow(self, message)
        return refuse(self, REASONS[mode], message, RETRY_SECONDS)
