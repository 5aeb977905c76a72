"""Where on its policy's escalation ladder an incident stands, and when it goes on. Pure.

Without a ladder there is one rung that has every action, `maxAttempts` of them, and no time-out. Only what was tried counts as
an attempt; what was called off only fills the record.
"""

from datetime import datetime, timedelta
from typing import Final

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
        return RungStatus(number=number, name=names[number - 1], entered_at=now, attempts_before=made(status))
    since = now if held(status) else min(known.entered_at, now)  # a clock may be set back
    return known.model_copy(update={"number": names.index(known.name) + 1, "entered_at": since})


def held(status: RemediationStatus) -> bool:
    """True where the last thing that was said is that nothing at all may be begun, or a person is being asked."""
    if status.stage is Stage.AWAITING:
        return True  # an approval has a time-out of its own
    return status.stage is Stage.BLOCKED and status.held_because in HOLD_EVERYTHING


def rung_of(policy: HealingPolicy, status: RemediationStatus) -> Rung | None:
    """None without a ladder."""
    return policy.spec.escalation.rung(status.rung.number) if status.rung else None


def made(status: RemediationStatus) -> int:
    """How many attempts count."""
    return sum(each.counts for each in status.attempts)


def over(policy: HealingPolicy, status: RemediationStatus, now: datetime) -> str:
    """Why nothing more is begun on the rung; empty while something may be."""
    rung, place = rung_of(policy, status), status.rung
    if rung is None or place is None:
        limit = policy.spec.escalation.max_attempts
        return f"{limit} of {limit} allowed attempts are used up" if made(status) >= limit else _full(status)
    here = made(status) - place.attempts_before
    if here >= rung.attempts:
        return f"{here} of {rung.attempts} attempts on the rung {rung.name} are used up"
    if now >= place.entered_at + timedelta(seconds=rung.timeout_seconds):
        return f"the {rung.timeout_seconds} s of the rung {rung.name} are over"
    return _full(status)


def in_vain(status: RemediationStatus) -> str:
    """That no attempt is left, in words."""
    count = made(status)
    tried = f"{count} of {count} allowed actions were tried and none helped"
    return tried if count == len(status.attempts) else _full(status) or tried


def above(policy: HealingPolicy, status: RemediationStatus, now: datetime) -> RungStatus | None:
    """The next rung; None where a person stands there."""
    rung = policy.spec.escalation.rung(status.rung.number + 1) if status.rung else None
    if rung is None or status.rung is None or _full(status):
        return None
    number = status.rung.number + 1
    return RungStatus(number=number, name=rung.name, entered_at=now, attempts_before=made(status))


def attempts_left(policy: HealingPolicy, status: RemediationStatus) -> int:
    """On this rung and those above it."""
    escalation, room = policy.spec.escalation, MOST_ATTEMPTS - len(status.attempts)
    if rung_of(policy, status) is None or status.rung is None:
        return min(room, escalation.max_attempts - made(status))
    allowed = sum(rung.attempts for rung in escalation.ladder[status.rung.number - 1 :])
    return min(room, allowed - (made(status) - status.rung.attempts_before))


def _full(status: RemediationStatus) -> str:
    """That the record holds no more attempts, in words: a world that never holds still must have an end too."""
    if len(status.attempts) < MOST_ATTEMPTS:
        return ""
    full = f"the record is full: {MOST_ATTEMPTS} attempts"
    off = [each for each in status.attempts if not each.counts]
    if not off:
        return full
    # What ends here may be a target whose API always answers 409: only that answer tells a person where to look.
    return f"{full}, {len(off)} of them called off or overtaken; the last one: {off[-1].message}"


def no_later(policy: HealingPolicy, status: RemediationStatus, moment: datetime, now: datetime) -> datetime:
    """`moment`, or when the rung's time is over: no wait outlasts it."""
    rung, place = rung_of(policy, status), status.rung
    if rung is None or place is None or held(status):
        return moment
    end = place.entered_at + timedelta(seconds=rung.timeout_seconds)
    return min(moment, max(end, now + timedelta(seconds=1)))
