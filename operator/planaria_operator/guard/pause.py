from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.guard.pauses import pauses
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

RETRY_SECONDS: Final = 60


class NotPaused:
    """Any request that has not ended stops what is new. What is under way is verified, and undone where it must be."""

    name = "pause"

    def check(self, proposal: Proposal) -> Verdict:
        asked = pauses(proposal.policy, proposal.now)
        if not asked:
            return allow(self, "nobody asks to pause")
        ends = [each.until for each in asked]
        known = [(end - proposal.now).total_seconds() for end in ends if end]
        wait = max(known) if len(known) == len(ends) else RETRY_SECONDS
        message = "; ".join(f"{each.requester}: {each.reason}" for each in asked)
        return refuse(self, Reason.PAUSED, f"paused by {message}"[:1024], min(wait, RETRY_SECONDS))
