"""Where on its policy's escalation ladder an incident stands, and when it goes on. Pure.

Without a ladder there is one rung that has every action, `maxAttempts` of them, and no time-out.
"""

from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.conditions import Status
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.ladder import MOST_ATTEMPTS, Rung, RungStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import RemediationStatus, Stage

HOLD_EVERYTHING: Final = frozenset(
    reason.value
    for reason in (
        *(Reason.OBSERVE_MODE, Reason.RECOMMENDED, Reason.PAUSED, Reason.BREAKER_OPEN),
        *(Reason.STORM_ACTIVE, Reason.SHARED_CAUSE),
    )
)
"""Refusals that are not about this incident. What was not tried for their sake is no reason to try something firmer."""


def standing(policy: HealingPolicy, status: RemediationStatus, now: datetime) -> RungStatus | None:
    """The rung that the incident is on, which is the first where it was on none; None without a ladder."""
    rungs, known = policy.spec.escalation.ladder, status.rung
    if not rungs:
        return None
    names = [rung.name for rung in rungs]
    if known is None or known.name not in names:
        # The ladder may have been changed meanwhile: the name counts, and where that is gone the height.
        number = min(known.number, len(rungs)) if known else 1
        made = min(len(status.attempts), MOST_ATTEMPTS)
        return RungStatus(number=number, name=names[number - 1], entered_at=now, attempts_before=made)
    since = now if held(status) else min(known.entered_at, now)  # a clock may be set back
    return known.model_copy(update={"number": names.index(known.name) + 1, "entered_at": since})


def held(status: RemediationStatus) -> bool:
    """True where the last thing that was said is that nothing at all may be begun, or a person is being asked."""
    if status.stage is Stage.AWAITING:
        return True  # an approval has a time-out of its own
    executed = status.condition("Executed")
    if executed is None or status.stage is not Stage.BLOCKED:
        return False
    return executed.status is Status.FALSE and executed.reason in HOLD_EVERYTHING


def rung_of(policy: HealingPolicy, status: RemediationStatus) -> Rung | None:
    """None without a ladder."""
    return policy.spec.escalation.rung(status.rung.number) if status.rung else None


def over(policy: HealingPolicy, status: RemediationStatus, now: datetime) -> str:
    """Why nothing more is begun on the rung; empty while something may be."""
    rung, place = rung_of(policy, status), status.rung
    if rung is None or place is None:
        limit = policy.spec.escalation.max_attempts
        return f"{limit} of {limit} allowed attempts are used up" if len(status.attempts) >= limit else ""
    made = len(status.attempts) - place.attempts_before
    if made >= rung.attempts or len(status.attempts) >= MOST_ATTEMPTS:
        return f"{made} of {rung.attempts} attempts on the rung {rung.name} are used up"
    if now >= place.entered_at + timedelta(seconds=rung.timeout_seconds):
        return f"the {rung.timeout_seconds} s of the rung {rung.name} are over"
    return ""


def above(policy: HealingPolicy, status: RemediationStatus, now: datetime) -> RungStatus | None:
    """The next rung; None where a person stands there."""
    made = len(status.attempts)
    rung = policy.spec.escalation.rung(status.rung.number + 1) if status.rung else None
    if rung is None or status.rung is None or made >= MOST_ATTEMPTS:
        return None
    return RungStatus(number=status.rung.number + 1, name=rung.name, entered_at=now, attempts_before=made)


def attempts_left(policy: HealingPolicy, status: RemediationStatus) -> int:
    """On this rung and those above it."""
    escalation, made = policy.spec.escalation, len(status.attempts)
    if rung_of(policy, status) is None or status.rung is None:
        return escalation.max_attempts - made
    allowed = sum(rung.attempts for rung in escalation.ladder[status.rung.number - 1 :])
    return min(MOST_ATTEMPTS - made, allowed - (made - status.rung.attempts_before))


def no_later(policy: HealingPolicy, status: RemediationStatus, moment: datetime, now: datetime) -> datetime:
    """`moment`, or when the rung's time is over: no wait outlasts it."""
    rung, place = rung_of(policy, status), status.rung
    if rung is None or place is None or held(status):
        return moment
    end = place.entered_at + timedelta(seconds=rung.timeout_seconds)
    return min(moment, max(end, now + timedelta(seconds=1)))
