from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

SURE: Final = 80
"""Percent. From here on nothing is waited for."""


class Hesitation:
    """A fault that is not sure is watched for longer: evidence that is read later is better, and some faults pass."""

    name = "hesitation"

    def check(self, proposal: Proposal) -> Verdict:
        wanted = hesitation(proposal.policy.spec.guardrails.hesitation_seconds, proposal.confidence)
        visible = max((proposal.now - proposal.remediation.spec.visible_at).total_seconds(), 0)
        message = f"{proposal.confidence}% sure and visible for {visible:.0f} s; {wanted:.0f} s are asked for"
        if visible >= wanted:
            return allow(self, message)
        return refuse(self, Reason.TOO_EARLY, message, wanted - visible)


def hesitation(longest: int, confidence: int) -> float:
    """Seconds: `longest` at 0% confidence, none from 80% on, and in between in proportion."""
    return longest * max(SURE - confidence, 0) / SURE
