"""From an escalation to a person: told once where all is well, told in the end where it is not, and never in the way."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planaria_contract import Restart
from planaria_operator.api.notification import Notification, NotificationState
from planaria_operator.api.remediation import Remediation
from planaria_operator.kube.errors import Unavailable
from planaria_operator.notify import notifier as notifying
from planaria_operator.notify.notifier import MOST_AT_ONCE, MOST_TRIES, Notifier, pause_after
from planaria_operator.notify.receivers import Format, Receiver, Receivers
from planaria_operator.notify.sender import Sender
from planaria_operator.reconcile.history import expired
from planaria_operator.reconcile.policy_status import told as told_of_policy
from planaria_operator.telemetry.metrics import REGISTRY
from planaria_operator.verify.health import Health
from tests.notify.inbox import Inbox
from tests.reconcile.harness import Script, World

ONCALL = {"receiver": "oncall", "events": ["Escalated", "Resolved"]}
WELL = Health(healthy=True, gone=False, message="3 of 3 ready")


class Office:
    """A world in which people can be told."""

    def __init__(self, world: World, directory: Path, inbox: Inbox) -> None:
        self.world, self.directory, self.inbox = world, directory, inbox
        (directory / "oncall").mkdir()
        (directory / "oncall" / "url").write_text(inbox.url)
        self.senders: list[Sender] = []
        self.restart()

    def restart(self) -> None:
        self.world.restart()
        sender = Sender(deadline_seconds=20.0)
        self.senders.append(sender)
        receivers = Receivers([Receiver("oncall", self.directory / "oncall", Format.GENERIC)])
        self.notifier = Notifier(
            receivers,
            sender,
            self.world.parts.records.update,
            self.world.parts.recorder,
            lambda: self.world.now,
        )
        self.world.parts = replace(self.world.parts, notifier=self.notifier)

    async def pass_by(self, seconds: float = 0) -> Remediation:
        """One pass of the engine, and what it began."""
        remediation = await self.world.step(seconds)
        self.notifier.tick(self.world.store)
        await self.notifier.settle()
        return self.world.store.remediations[remediation.namespace, remediation.name]

    async def escalated(self) -> Remediation:
        return await self.world.until("Escalated", seconds=1)


@pytest.fixture
async def office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inbox: Inbox) -> AsyncIterator[Any]:
    made: list[Office] = []

    def make(*decisions: Any, notify: Any = (ONCALL,), **escalation: Any) -> Office:
        spec = {
            "verification": {"timeout_seconds": 60, "stable_for_seconds": 10},
            "escalation": {"notify": list(notify), **escalation},
        }
        made.append(Office(World(Script(list(decisions)), monkeypatch, **spec), tmp_path, inbox))
        return made[0]

    yield make
    for each in made:
        await each.notifier.aclose()
        for sender in each.senders:
            await sender.aclose()


def only(remediation: Remediation) -> Notification:
    (found,) = remediation.status.notifications
    return found


def notified(remediation: Remediation) -> tuple[str, str]:
    found = remediation.status.condition("Notified")
    assert found is not None
    return found.status.value, found.reason


def counted(receiver: str, outcome: str) -> float:
    labels = {"receiver": receiver, "outcome": outcome}
    return REGISTRY.get_sample_value("planaria_notifications_total", labels) or 0.0


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


async def test_a_restart_before_sending_forgets_nothing(office: Any):
    here = office()
    await here.escalated()
    here.restart()
    assert only(await here.pass_by(1)).state is NotificationState.SENT
    here.restart()
    await here.pass_by(1)
    assert len(here.inbox.got) == 1


async def test_a_death_between_sending_and_writing_sends_it_again_under_the_same_key(
    office: Any, monkeypatch: pytest.MonkeyPatch
):
    here = office()
    monkeypatch.setattr(notifying, "UNWRITTEN_PAUSE", 0.0)
    await here.escalated()

    async def unwritable(*_: Any) -> Remediation:
        raise Unavailable("no answer")

    here.notifier.update = unwritable
    await here.pass_by(1)
    here.restart()
    assert only(await here.pass_by(1)).state is NotificationState.SENT
    assert len(here.inbox.got) == 2
    assert len({got.headers["Idempotency-Key"] for got in here.inbox.got}) == 1


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
    from datetime import timedelta

    return timedelta(seconds=seconds)
