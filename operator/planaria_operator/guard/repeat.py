from datetime import timedelta
from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.decide.signature import signature
from planaria_operator.guard.ledger import useless
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

LONGEST_RETRY: Final = 300


class NoRepetition:
    """What did not help is not done again to the same target for a while, whatever the incident is called."""

    name = "repeat"

    def check(self, proposal: Proposal) -> Verdict:
        window = proposal.policy.spec.guardrails.repeat_window_seconds
        wanted = signature(proposal.decision)
        last = useless(proposal.store, proposal.policy, proposal.now).get(wanted)
        if last is None:
            return allow(self, f"not known to be useless: {wanted}")
        free = (last.time + timedelta(seconds=window) - proposal.now).total_seconds()
        message = f"did not help in {last.remediation}: {wanted}"
        return refuse(self, Reason.INEFFECTIVE_BEFORE, message, min(free, LONGEST_RETRY))
