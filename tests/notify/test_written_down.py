"""What became of a message stands in the record: whatever dies or refuses in between, nobody is told again and again."""

import asyncio
import json
from typing import Any

import pytest

from planaria_operator.api.notification import NotificationState
from planaria_operator.api.remediation import Remediation
from planaria_operator.kube.errors import Forbidden, Unavailable
from planaria_operator.notify import notifier as notifying
from planaria_operator.notify.notifier import MOST_AT_ONCE
from planaria_operator.notify.receivers import Format, Receiver, Receivers
from tests.notify.offices import ONCALL, only


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


@pytest.mark.parametrize("answer", [200, 503, 400])
async def test_what_cannot_be_written_down_is_not_sent_again_and_written_once_it_can(
    office: Any, monkeypatch: pytest.MonkeyPatch, answer: int
):
    here = office()
    here.inbox.answers = [(answer, {})]
    monkeypatch.setattr(notifying, "UNWRITTEN_PAUSE", 0.0)
    over = await here.escalated()
    here.world.kube.fail("patch", "Remediation", Forbidden("remediations/status"), times=20)
    await here.tries_to_write(21)
    await here.notifier.settle()
    assert len(here.inbox.got) == 1
    entry = only(here.world.store.remediations[over.namespace, over.name])
    assert entry.attempts == 1
    wanted = {200: NotificationState.SENT, 503: NotificationState.PENDING, 400: NotificationState.FAILED}
    assert entry.state is wanted[answer]
    assert here.notifier._unwritten == {}


async def test_two_receivers_of_one_message_are_told_both_though_one_cannot_be_written_down(
    office: Any, monkeypatch: pytest.MonkeyPatch
):
    here = office(notify=(ONCALL, {"receiver": "chat"}))
    (here.directory / "chat").mkdir()
    (here.directory / "chat" / "url").write_text(here.inbox.url)
    both = [Receiver(name, here.directory / name, Format.GENERIC) for name in ("oncall", "chat")]
    here.notifier.receivers = Receivers(both)
    monkeypatch.setattr(notifying, "UNWRITTEN_PAUSE", 0.0)
    await here.escalated()
    here.world.kube.fail("patch", "Remediation", Forbidden("remediations/status"), times=6)
    await here.tries_to_write(8)
    await here.notifier.settle()
    assert len(here.inbox.got) == 2


async def test_what_cannot_be_written_down_takes_nobodys_place(office: Any):
    here = office()
    over = await here.escalated()
    for number in range(2 * MOST_AT_ONCE):
        here.world.store.put_remediation(over.model_copy(update={"name": f"other-{number}"}))
    here.world.kube.fail("patch", "Remediation", Forbidden("remediations/status"), times=99)
    async with asyncio.timeout(4):  # less than one of them rests
        while len(here.inbox.got) < 2 * MOST_AT_ONCE + 1:
            here.notifier.tick(here.world.store)
            await asyncio.sleep(0.01)
    assert (
        len({json.loads(got.body)["remediation"]["name"] for got in here.inbox.got}) == 2 * MOST_AT_ONCE + 1
    )
