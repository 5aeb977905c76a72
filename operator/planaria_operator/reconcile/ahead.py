"""Times in a record that are still to come, though they were written as the present: the clock was set back, or the operator that
led before had one that ran ahead. Nothing waits until then. Pure.
"""

from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.remediation import UNDER_WAY, RemediationStatus
from planaria_operator.objects.meta import CLOCK_SKEW
from planaria_operator.reconcile.quiet import LONGEST

LONGEST_WAIT: Final = timedelta(seconds=LONGEST)
"""No step asks to be looked at later than that."""

OF_AN_ATTEMPT: Final = ("reserved_at", "begun_at", "applied_at", "finished_at")


def not_ahead(status: RemediationStatus, now: datetime) -> RemediationStatus:
    """The status with such times brought back to `now`; the same object where there are none.

    When the evidence was read is forgotten instead: it may be old, so it is read anew.
    """
    latest, changes = now + CLOCK_SKEW, dict[str, datetime | None]()
    if status.understood_at and status.understood_at > latest:
        changes = {"understood_at": None, "next_check_at": None}
    if status.next_check_at and status.next_check_at > now + LONGEST_WAIT:
        changes["next_check_at"] = None
    if status.healthy_since and status.healthy_since > latest:
        changes["healthy_since"] = now
    status = status.model_copy(update=changes) if changes else status
    return _attempt_not_ahead(status, now) if status.stage in UNDER_WAY else status


def _attempt_not_ahead(status: RemediationStatus, now: datetime) -> RemediationStatus:
    """What is not under way any more keeps the times that people have read in it."""
    attempt, latest = status.attempt, now + CLOCK_SKEW
    if attempt is None:
        return status
    times = {name: getattr(attempt, name) for name in OF_AN_ATTEMPT}
    late: dict[str, object] = {name: now for name, time in times.items() if time and time > latest}
    if attempt.drain and attempt.drain.progress_at > latest:
        sent = attempt.drain.sent_at and min(attempt.drain.sent_at, now)
        late["drain"] = attempt.drain.model_copy(update={"progress_at": now, "sent_at": sent})
    return status.with_attempt(attempt.model_copy(update=late)) if late else status
