from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse
from planaria_operator.record.moments import clock

FRESH_SECONDS: Final = 120
"""From reading the evidence to this point is a matter of a second or two; longer means that the operator was away."""


class FreshEvidence:
    """What was read before the operator was away, or before a storm had passed, is read anew and decided anew."""

    name = "evidence"

    def check(self, proposal: Proposal) -> Verdict:
        read = proposal.remediation.status.understood_at
        if read is None:
            return refuse(self, Reason.STALE_EVIDENCE, "nobody knows when the evidence was read", 1)
        age = (proposal.now - read).total_seconds()
        ended = proposal.policy.status.storm_ended_at
        if ended and read < ended:
            passed = clock(ended, proposal.now)
            return refuse(self, Reason.STALE_EVIDENCE, f"read before the storm had passed at {passed}", 1)
        if abs(age) > FRESH_SECONDS:  # a clock that was set back makes old evidence look new
            return refuse(self, Reason.STALE_EVIDENCE, f"read {age:.0f} s ago", 1)
        return allow(self, f"read {age:.0f} s ago")
