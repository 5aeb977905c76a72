import math
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.healing_policy import HealingPolicy, HealingPolicyStatus, Reservation
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.verdict import Proposal, Verdict

MOST_RESERVATIONS: Final = 1000
"""As many as the status holds."""


class ActionBudget:
    """So many actions within a sliding window, counted from the policy's status, so that a restart forgets nothing."""

    name = "budget"

    def check(self, proposal: Proposal) -> Verdict:
        budget = proposal.policy.spec.guardrails.budget
        oldest = proposal.now - timedelta(seconds=budget.window_seconds)
        own = (proposal.remediation.name, len(proposal.remediation.status.attempts) + 1)
        # Taken already where the operator died between reserving and writing the attempt: it is not taken twice.
        used = sorted(
            each.time
            for each in proposal.policy.status.reservations
            if each.time > oldest and (each.remediation, each.attempt) != own
        )
        message = f"{len(used)} of {budget.actions} actions used within {budget.window_seconds} s"
        if len(used) < budget.actions:
            return Verdict(self.name, True, Reason.ALLOWED, message)
        wait = _until_free(used, budget.actions, budget.window_seconds, proposal.now)
        return Verdict(
            self.name, False, Reason.BUDGET_EXHAUSTED, f"{message}; the next is free in {wait} s", wait
        )


def reserved(policy: HealingPolicy, reservation: Reservation, now: datetime) -> HealingPolicyStatus:
    """The status with `reservation` taken once, and without those that neither the window nor the cooldown looks at."""
    rails = policy.spec.guardrails
    horizon = now - timedelta(seconds=max(rails.budget.window_seconds, rails.cooldown_seconds))
    kept = [each for each in policy.status.reservations if each.time > horizon]
    own = (reservation.remediation, reservation.attempt)
    if all((each.remediation, each.attempt) != own for each in kept):
        kept.append(reservation)
    kept.sort(key=lambda each: each.time)
    return policy.status.model_copy(update={"reservations": tuple(kept[-MOST_RESERVATIONS:])})


def _until_free(used: list[datetime], actions: int, window: int, now: datetime) -> int:
    """Seconds until enough reservations have left the window; a budget of none is asked again after a whole window."""
    if actions == 0:
        return window
    leaving = used[len(used) - actions]
    return max(1, math.ceil((leaving + timedelta(seconds=window) - now).total_seconds()))
