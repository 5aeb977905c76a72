from datetime import timedelta
from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.guard.hours import Calendar
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

LONGEST_RETRY: Final = 3600


class ChangeWindows:
    """An action is begun only where it can be verified before the windows close: what cannot be watched is not begun."""

    name = "window"

    def check(self, proposal: Proposal) -> Verdict:
        windows = proposal.policy.spec.guardrails.windows
        if not windows:
            return allow(self, "no change windows are set")
        delay = getattr(proposal.decision.parameters, "delay_seconds", None) or 0
        need = timedelta(seconds=delay + proposal.policy.spec.verification.timeout_seconds)
        calendar = Calendar(windows, proposal.now)
        if calendar.open(proposal.now, need):
            return allow(self, f"open for the next {need.total_seconds():.0f} s")
        opens = calendar.next_opening(need)
        when = f"next at {opens:%Y-%m-%dT%H:%M:%SZ}" if opens else "not within the next seven days"
        message = f"closed, or for less than the {need.total_seconds():.0f} s that are needed; {when}"
        wait = (opens - proposal.now).total_seconds() if opens else LONGEST_RETRY
        return refuse(self, Reason.OUTSIDE_WINDOW, message, min(wait, LONGEST_RETRY))
