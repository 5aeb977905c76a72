"""What a record says of who was told, once the incident, or what was asked, is over."""

from datetime import timedelta

import pytest

from planaria_operator.api.conditions import Status
from planaria_operator.api.notification import NotifyEvent
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import RemediationStatus, Stage
from planaria_operator.notify.ledger import closed, due, no_question, not_sent, reminded, requested, sent
from tests.builders import NOW, ago, policy
from tests.guard.proposals import remediation

ASKED, HANDED_OVER = NotifyEvent.AWAITING_APPROVAL, NotifyEvent.ESCALATED


def asked(status: RemediationStatus, event: NotifyEvent, receiver: str = "oncall") -> RemediationStatus:
    notify = [{"receiver": receiver, "events": [event.value]}]
    return requested(status, policy(escalation={"notify": notify}), event, ago(10))


def tried(status: RemediationStatus) -> RemediationStatus:
    """Everything that is due was refused, and is tried again in a moment."""
    for each in list(due(status, NOW)):
        status = not_sent(status, each, Reason.NOTIFICATION_FAILED, "HTTP 503", ago(5), NOW)
    return status


def told(status: RemediationStatus) -> RemediationStatus:
    for each in list(due(status, NOW)):
        status = sent(status, each, ago(5))
    return status


def over(status: RemediationStatus) -> tuple[list[str], str]:
    """Once closed: of what there are messages, and what the condition says of them."""
    status = closed(status, NOW)
    condition = status.condition("Notified")
    said = f"{condition.status.value} {condition.reason}: {condition.message}" if condition else ""
    return [each.event for each in status.notifications], said


BEGUN = remediation().status


def test_what_is_of_no_use_any_more_leaves_no_word_of_its_failures_behind():
    assert over(tried(asked(BEGUN, ASKED))) == ([], "")


def test_the_condition_goes_on_to_say_what_was_told():
    escalated = asked(told(asked(BEGUN, HANDED_OVER)), ASKED)
    assert over(tried(escalated)) == (["Escalated"], "True NotificationSent: told oncall of Escalated")


def test_the_condition_turns_to_what_is_still_to_be_told():
    both = asked(asked(BEGUN, ASKED), HANDED_OVER, "boss")
    assert over(both) == (["Escalated"], "Unknown NotificationPending: boss is being told of Escalated")


def test_what_was_told_stays():
    status = told(asked(BEGUN, ASKED))
    assert closed(status, NOW) == status
    assert over(status) == (["AwaitingApproval"], "True NotificationSent: told oncall of AwaitingApproval")


def test_a_record_that_told_nobody_is_closed_as_it_is():
    assert closed(BEGUN, NOW) == BEGUN


# --- a question that is answered before it is sent


def stands(status: RemediationStatus, approved: Status) -> RemediationStatus:
    """Approved, or asked no more; Unknown while somebody is asked."""
    status = status.with_condition("Approved", approved, Reason.APPROVED, "", now=NOW)
    return no_question(status, NOW)


def to_tell(status: RemediationStatus) -> list[tuple[str, int]]:
    return [(each.event, each.number) for each in due(status, NOW)]


@pytest.mark.parametrize("approved", [Status.TRUE, Status.FALSE])
def test_what_is_answered_is_not_asked_any_more_and_no_word_of_it_is_left(approved: Status):
    status = stands(tried(asked(BEGUN, ASKED)), approved)
    assert to_tell(status) == []
    assert status.condition("Notified") is None


def test_while_it_is_asked_it_is_told():
    status = asked(BEGUN, ASKED)
    assert stands(status, Status.UNKNOWN).notifications == status.notifications
    assert to_tell(stands(status, Status.UNKNOWN)) == [("AwaitingApproval", 1)]


def test_what_is_told_after_it_does_not_wait_for_it():
    status = asked(stands(asked(BEGUN, ASKED), Status.FALSE), HANDED_OVER)
    assert to_tell(status) == [("Escalated", 1)]
    assert to_tell(told(status)) == []
    condition = told(status).condition("Notified")
    assert condition is not None
    assert (condition.reason, condition.message) == ("NotificationSent", "told oncall of Escalated")


def test_the_next_question_is_another_message():
    """The first may have arrived though no answer came back: under its number nobody would hear the second."""
    status = stands(tried(asked(BEGUN, ASKED)), Status.FALSE)
    again = asked(stands(status, Status.UNKNOWN), ASKED)
    assert to_tell(again) == [("AwaitingApproval", 2)]


# --- a reminder arrives where the first word did not


def given_up(status: RemediationStatus) -> RemediationStatus:
    for each in list(due(status, NOW)):
        status = not_sent(status, each, Reason.NOTIFICATION_FAILED, "HTTP 503", ago(5), None)
    return status


def reminder(status: RemediationStatus) -> RemediationStatus:
    notify = [{"receiver": "oncall", "events": ["Escalated"]}]
    due_soon = policy(escalation={"notify": notify, "remind_after_seconds": 300})
    escalated = status.model_copy(update={"stage": Stage.ESCALATED})
    return reminded(escalated, due_soon, NOW + timedelta(seconds=600))


def notified(status: RemediationStatus) -> str:
    found = status.condition("Notified")
    return f"{found.status.value}: {found.message}" if found else ""


def test_who_was_reminded_is_no_longer_said_not_to_know():
    status = reminder(given_up(asked(BEGUN, HANDED_OVER)))
    assert notified(status).startswith("False: oncall was not told of Escalated"), (
        "not yet: it is only being sent"
    )
    assert notified(told(status)) == "True: told oncall of Reminder"


def test_who_was_told_first_and_not_reminded_is_said_not_to_be():
    status = given_up(reminder(told(asked(BEGUN, HANDED_OVER))))
    assert notified(status).startswith("False: oncall was not told of Reminder")


def test_a_reminder_to_one_says_nothing_of_another():
    status = given_up(asked(asked(BEGUN, HANDED_OVER), HANDED_OVER, "boss"))
    assert notified(told(reminder(status))).startswith("False: boss was not told of Escalated")


def test_after_a_clock_that_ran_ahead_was_set_back_it_is_tried_again_and_reminded_of():
    """The receiver was away a moment before, or had just been told: neither waits until that time comes again."""
    yesterday = NOW - timedelta(days=1)
    waits = tried(asked(BEGUN, HANDED_OVER))
    assert [each.event for each in due(waits, yesterday)] == ["Escalated"]
    spoken = told(asked(BEGUN, HANDED_OVER)).model_copy(update={"stage": Stage.ESCALATED})
    notify = [{"receiver": "oncall", "events": ["Escalated"]}]
    every = policy(escalation={"notify": notify, "remind_after_seconds": 300})
    assert reminded(spoken, every, NOW) == spoken
    assert reminded(spoken, every, ago(12)) == spoken, "two clocks are never quite the same"
    assert [each.event for each in due(reminded(spoken, every, yesterday), yesterday)] == ["Reminder"]
