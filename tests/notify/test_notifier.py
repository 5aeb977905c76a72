"""From an escalation to a person: told once where all is well, told in the end where it is not, and never in the way."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Restart
from planaria_operator.api.conditions import Status
from planaria_operator.api.notification import NotificationState
from planaria_operator.api.reasons import Reason
from planaria_operator.notify.notifier import MOST_AT_ONCE, MOST_TRIES, pause_after
from planaria_operator.reconcile.case import Case
from planaria_operator.reconcile.history import expired
from planaria_operator.reconcile.outcomes import finished
from planaria_operator.reconcile.policy_status import told as told_of_policy
from tests.notify.offices import counted, notified, only
from tests.reconcile.harness import WELL


async def test_what_is_to_be_told_is_written_with_the_escalation_itself(office: Any):
    here = office()
    over = await here.escalated()
    assert only(over).state is NotificationState.PENDING
    assert notified(over) == ("Unknown", "NotificationPending")
    assert here.inbox.got == []


async def test_a_person_is_told_once(office: Any):
    here = office()
    before = counted("oncall", "NotificationSent")
    await here.escalated()
    for _ in range(5):
        told = await here.pass_by(1)
    (got,) = here.inbox.got
    assert json.loads(got.body)["event"] == "Escalated"
    assert got.headers["Idempotency-Key"].endswith("/Escalated/1")
    assert got.headers["X-Planaria-Event"] == "Escalated"
    assert (only(told).state, only(told).attempts) == (NotificationState.SENT, 1)
    assert notified(told) == ("True", "NotificationSent")
    assert counted("oncall", "NotificationSent") == before + 1


async def test_who_is_named_nowhere_is_not_told(office: Any):
    here = office(notify=())
    over = await here.escalated()
    await here.pass_by(1)
    assert over.status.notifications == ()
    assert over.status.condition("Notified") is None
    assert here.inbox.got == []


async def test_a_recovery_after_it_is_told_to_who_asked(office: Any):
    here = office()
    await here.escalated()
    await here.pass_by(1)
    here.world.health = WELL
    await here.world.until("Finished")
    here.notifier.tick(here.world.store)
    await here.notifier.settle()
    assert [json.loads(got.body)["event"] for got in here.inbox.got] == ["Escalated", "Resolved"]
    assert json.loads(here.inbox.got[1].body)["reason"] == "RecoveredAfterEscalation"


async def test_a_target_that_is_gone_resolves_it_and_a_change_of_policy_does_not(office: Any):
    here = office()
    over = await here.escalated()
    case = Case(over, here.world.policy, (here.world.incident,), here.world.now)
    moved = await finished(here.world.parts, case, Status.FALSE, Reason.HANDED_OVER, "another has it")
    assert [each.event for each in moved.status.notifications] == ["Escalated"]
    here.world.store.put_remediation(over.model_copy(update={"resource_version": moved.resource_version}))
    case = replace(case, remediation=over.model_copy(update={"resource_version": moved.resource_version}))
    gone = await finished(here.world.parts, case, Status.FALSE, Reason.TARGET_GONE, "deleted")
    assert [each.event for each in gone.status.notifications] == ["Escalated", "Resolved"]


async def test_what_heals_itself_bothers_nobody(office: Any):
    here = office(Restart(pods=("front-0",)))
    await here.world.until("Verifying")
    here.world.health = WELL
    done = await here.world.until("Finished")
    assert done.status.notifications == ()


async def test_a_receiver_that_fails_is_tried_again_later_and_hears_the_same(office: Any):
    here = office()
    here.inbox.answers = [(500, {}), (503, {})]
    await here.escalated()
    failed = await here.pass_by(1)
    entry = only(failed)
    assert (entry.state, entry.attempts) == (NotificationState.PENDING, 1)
    assert entry.last_error == "NotificationFailed: HTTP 500"
    assert entry.next_try_at is not None
    assert 1.6 <= (entry.next_try_at - here.world.now).total_seconds() <= 2.4
    await here.pass_by(0.1)
    assert len(here.inbox.got) == 1, "not before its time"
    await here.pass_by(3)
    told = await here.pass_by(6)
    assert only(told).state is NotificationState.SENT
    assert only(told).last_error == ""
    assert len({got.headers["Idempotency-Key"] for got in here.inbox.got}) == 1
    assert len({got.body for got in here.inbox.got}) == 1
    assert len(here.inbox.got) == 3


async def test_a_receiver_that_asks_for_time_gets_it(office: Any):
    here = office()
    here.inbox.answers = [(429, {"Retry-After": "120"})]
    await here.escalated()
    waiting = await here.pass_by(1)
    assert (only(waiting).next_try_at - here.world.now).total_seconds() == 120
    await here.pass_by(119)
    assert len(here.inbox.got) == 1
    assert only(await here.pass_by(2)).state is NotificationState.SENT


async def test_a_refusal_is_given_up_and_said(office: Any):
    here = office()
    here.inbox.answers = [(400, {})]
    await here.escalated()
    for _ in range(3):
        failed = await here.pass_by(60)
    assert len(here.inbox.got) == 1
    assert only(failed).state is NotificationState.FAILED
    assert notified(failed) == ("False", "NotificationFailed")
    said = [note for reason, note in here.world.script.events if reason == "NotificationFailed"]
    assert said == ["oncall was not told of Escalated: HTTP 400"]


async def test_it_is_not_tried_for_ever(office: Any, monkeypatch: pytest.MonkeyPatch):
    here = office()
    here.inbox.answers = [(500, {})] * 50
    await here.escalated()
    for _ in range(MOST_TRIES + 5):
        failed = await here.pass_by(800)
    assert len(here.inbox.got) == only(failed).attempts == MOST_TRIES
    assert only(failed).state is NotificationState.FAILED


def test_the_tries_are_spread_over_about_40_minutes():
    whole = sum(pause_after(tries) for tries in range(1, MOST_TRIES))
    assert 25 * 60 < whole < 50 * 60


async def test_a_receiver_that_nobody_configured_is_named(office: Any):
    here = office(notify=({"receiver": "boss"},))
    before = counted("unknown", "ReceiverUnknown")
    await here.escalated()
    failed = await here.pass_by(1)
    assert notified(failed) == ("False", "ReceiverUnknown")
    assert counted("unknown", "ReceiverUnknown") == before + 1
    known = told_of_policy(here.notifier, here.world.policy)["ReceiversReady"]
    assert (known.available, known.reason.value) == (False, "ReceiverUnknown")


async def test_a_secret_that_comes_late_is_waited_for(office: Any):
    here = office()
    (here.directory / "oncall" / "url").unlink()
    await here.escalated()
    waiting = await here.pass_by(1)
    assert only(waiting).state is NotificationState.PENDING
    assert only(waiting).last_error.startswith("ReceiverUnreadable: ")
    (here.directory / "oncall" / "url").write_text(here.inbox.url)
    assert only(await here.pass_by(5)).state is NotificationState.SENT


async def test_a_slow_receiver_holds_nothing_up(office: Any):
    here = office()
    here.inbox.open.clear()
    await here.escalated()
    here.notifier.tick(here.world.store)
    await here.inbox.arrived(1)
    for _ in range(20):
        step = await here.world.step(1)
        here.notifier.tick(here.world.store)
    assert only(step).state is NotificationState.PENDING, "the reconcile loop went on meanwhile"
    here.inbox.open.set()
    await here.notifier.settle()
    assert len(here.inbox.got) == 1, "and it was not sent a second time while it was on its way"


async def test_only_so_many_are_under_way_to_one_receiver(office: Any):
    here = office()
    over = await here.escalated()
    for number in range(20):
        here.world.store.put_remediation(over.model_copy(update={"name": f"other-{number}"}))
    here.inbox.open.clear()
    here.notifier.tick(here.world.store)
    await here.inbox.arrived(MOST_AT_ONCE)
    here.notifier.tick(here.world.store)
    assert len(here.notifier._running) == MOST_AT_ONCE
    here.inbox.open.set()
    await here.notifier.settle()
    assert len(here.inbox.got) == MOST_AT_ONCE


async def test_each_receiver_hears_things_in_their_order(office: Any):
    here = office()
    here.inbox.answers = [(500, {})]
    await here.escalated()
    await here.pass_by(1)
    here.world.health = WELL
    await here.world.until("Finished", seconds=0.5)
    for _ in range(20):
        here.world.now += step(5)
        here.notifier.tick(here.world.store)
        await here.notifier.settle()
    assert [json.loads(got.body)["event"] for got in here.inbox.got] == ["Escalated", "Escalated", "Resolved"]


async def test_an_open_escalation_is_brought_to_mind_again(office: Any):
    here = office(remind_after_seconds=600)
    await here.escalated()
    await here.pass_by(1)
    for _ in range(26):
        open_still = await here.pass_by(60)
    events = [json.loads(got.body)["event"] for got in here.inbox.got]
    assert events == ["Escalated", "Reminder", "Reminder"]
    assert [got.headers["Idempotency-Key"].rpartition("/")[2] for got in here.inbox.got[1:]] == ["1", "2"]
    assert len(open_still.status.notifications) == 2, "reminders do not pile up in the record"
    here.world.health = WELL
    await here.world.until("Finished")
    for _ in range(20):
        here.world.now += step(60)
        here.notifier.tick(here.world.store)
        await here.notifier.settle()
    assert [json.loads(got.body)["event"] for got in here.inbox.got][3:] == ["Resolved"]


async def test_a_record_is_kept_until_everybody_was_told(office: Any):
    here = office()
    here.inbox.answers = [(500, {})] * 50
    await here.escalated()
    await here.pass_by(1)
    here.world.health = WELL
    done = await here.world.until("Finished")
    late = here.world.now + step(10**7)
    assert expired([done], here.world.policy.spec.history, late) == []
    settled = done.model_copy(update={"status": done.status.model_copy(update={"notifications": ()})})
    assert expired([settled], here.world.policy.spec.history, late) == [settled]


def step(seconds: float = 5) -> Any:
    return timedelta(seconds=seconds)
