"""What a record says of who was told: asked for, sent, given up. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.conditions import Status
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.notification import REMINDER, Notification, NotificationState, NotifyEvent
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import RemediationStatus, Stage
from planaria_operator.objects.meta import CLOCK_SKEW

MOST_NOTIFICATIONS: Final = 32
"""As many as a record holds."""
OF_AN_ESCALATION: Final = frozenset({NotifyEvent.ESCALATED.value, REMINDER})
LONGEST_WAIT: Final = timedelta(hours=1)
"""No pause between two tries is as long, whatever the receiver asks for."""
PASSING: Final = frozenset({NotifyEvent.AWAITING_APPROVAL.value, REMINDER})
"""Of no use to anybody once the incident is over."""


def requested(
    status: RemediationStatus, policy: HealingPolicy, event: NotifyEvent, now: datetime
) -> RemediationStatus:
    """With a message pending for everybody who asked for `event`."""
    wanted = [each.receiver for each in policy.spec.escalation.notify if event in each.events]
    return _with_pending(status, wanted, event.value, now)


def reminded(status: RemediationStatus, policy: HealingPolicy, now: datetime) -> RemediationStatus:
    """With a reminder pending for everybody who was told of the escalation so long ago; the same where it is nobody."""
    every = policy.spec.escalation.remind_after_seconds
    if status.stage is not Stage.ESCALATED or every is None:
        return status
    asked = {each.receiver for each in policy.spec.escalation.notify}
    latest = {each.receiver: each for each in status.notifications if each.event in OF_AN_ESCALATION}
    due = [
        receiver
        for receiver, last in latest.items()
        if receiver in asked and not last.pending and not _recent(last, timedelta(seconds=every), now)
    ]
    return _with_pending(status, due, REMINDER, now)


def closed(status: RemediationStatus, now: datetime) -> RemediationStatus:
    """Without what is pending and of no use any more, and without a word of it in the condition."""
    kept = tuple(each for each in status.notifications if not (each.pending and each.event in PASSING))
    return status if kept == status.notifications else _said(status, kept, now)


def no_question(status: RemediationStatus, now: datetime) -> RemediationStatus:
    """Once what was asked is answered, or asked no more: without a word in the condition of a question that was not sent."""
    unsent = any(_idle(status, each) for each in status.notifications)
    return _said(status, status.notifications, now) if unsent else status


def due(status: RemediationStatus, now: datetime) -> Iterator[Notification]:
    """What may be sent now. Each receiver hears things in their order, so of what is pending only the first."""
    first: dict[str, Notification] = {}
    for each in status.notifications:
        if each.pending and not _idle(status, each):
            first.setdefault(each.receiver, each)
    yield from (each for each in first.values() if _may_be_tried(each, now))


def undelivered(status: RemediationStatus) -> bool:
    return any(each.pending for each in status.notifications)


def sent(status: RemediationStatus, about: Notification, now: datetime) -> RemediationStatus:
    done = {"state": NotificationState.SENT, "sent_at": now, "last_error": "", "next_try_at": None}
    return _changed(status, about, {**done, "attempts": about.attempts + 1}, now)


def not_sent(
    status: RemediationStatus,
    about: Notification,
    reason: Reason,
    message: str,
    now: datetime,
    again_at: datetime | None,
) -> RemediationStatus:
    """`again_at` None: it is given up."""
    state = NotificationState.PENDING if again_at else NotificationState.FAILED
    error = f"{reason.value}: {message}"[:1024]
    changes = {"state": state, "last_error": error, "next_try_at": again_at, "attempts": about.attempts + 1}
    return _changed(status, about, changes, now)


def _idle(status: RemediationStatus, about: Notification) -> bool:
    """A question that nobody asks any more. It stays in the record for its number: the next one is another message."""
    approved = status.condition("Approved")
    asks = approved is None or approved.status is Status.UNKNOWN
    return about.pending and about.event == NotifyEvent.AWAITING_APPROVAL.value and not asks


def _recent(about: Notification, every: timedelta, now: datetime) -> bool:
    """Not where it was asked for in time to come: the clock was set back since."""
    return -CLOCK_SKEW <= now - about.requested_at < every


def _may_be_tried(about: Notification, now: datetime) -> bool:
    """Also where that was to be later than any pause lasts: the clock was set back since."""
    again = about.next_try_at
    return again is None or again <= now or again > now + LONGEST_WAIT


def _with_pending(
    status: RemediationStatus, receivers: Iterable[str], event: str, now: datetime
) -> RemediationStatus:
    known, result = {each.key: each for each in status.notifications}, status
    for receiver in receivers:
        before = known.get((receiver, event))
        number = before.number + 1 if before else 1
        new = Notification(receiver=receiver, event=event, number=number, requested_at=now)
        others = tuple(each for each in result.notifications if each.key != new.key)
        result = _said(result, (*others, new), now)
    return result


def _changed(
    status: RemediationStatus, about: Notification, changes: Mapping[str, object], now: datetime
) -> RemediationStatus:
    """The newest record may have moved on: a message that was asked for anew meanwhile is left as it is."""
    same = (about.key, about.number)
    entries = tuple(
        each.model_copy(update=changes) if (each.key, each.number) == same else each
        for each in status.notifications
    )
    return status if entries == status.notifications else _said(status, entries, now)


def _untold(about: Notification, known: Iterable[Notification]) -> bool:
    """Given up, and the receiver was not reminded since of what it had not heard."""
    heard = (each for each in known if each.receiver == about.receiver and each.event in OF_AN_ESCALATION)
    since = any(each.sent_at and each.requested_at > about.requested_at for each in heard)
    return about.state is NotificationState.FAILED and not (since and about.event in OF_AN_ESCALATION)


def _said(status: RemediationStatus, entries: tuple[Notification, ...], now: datetime) -> RemediationStatus:
    """The entries with the condition that sums them up; without one where nothing was, or is being, told."""
    kept = entries[-MOST_NOTIFICATIONS:]
    failed = next((each for each in kept if _untold(each, kept)), None)
    pending = next((each for each in kept if each.pending and not _idle(status, each)), None)
    status = status.model_copy(update={"notifications": kept})
    if failed:
        reason = Reason(failed.last_error.partition(":")[0])
        message = f"{failed.receiver} was not told of {failed.event}: {failed.last_error}"
        return status.with_condition("Notified", Status.FALSE, reason, message, now=now)
    if pending:
        why = f" ({pending.last_error})" if pending.last_error else ""
        message = f"{pending.receiver} is being told of {pending.event}{why}"
        return status.with_condition(
            "Notified", Status.UNKNOWN, Reason.NOTIFICATION_PENDING, message, now=now
        )
    told = ", ".join(
        f"{each.receiver} of {each.event}" for each in kept if each.state is NotificationState.SENT
    )
    if not told:
        others = tuple(each for each in status.conditions if each.type != "Notified")
        return status.model_copy(update={"conditions": others})
    return status.with_condition("Notified", Status.TRUE, Reason.NOTIFICATION_SENT, f"told {told}", now=now)
