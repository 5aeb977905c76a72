"""A clock that is set back, or a new leader whose clock is right where the one before ran ahead: no record stands until then."""

from datetime import timedelta

import pytest

from planaria_operator.kube.errors import Unavailable
from tests.reconcile.asking import Asking
from tests.reconcile.draining import Town, applied
from tests.reconcile.harness import RESTART, WELL, World, plan, world

AHEAD = timedelta(days=1)


def set_back(here: World) -> None:
    here.now -= AHEAD
    here.restart()


async def test_what_is_held_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, RESTART, mode="Observe")
    await here.until("Blocked")
    set_back(here)
    await here.until("Understood", limit=2)


async def test_what_is_well_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.until("Verifying")
    here.health = WELL
    await here.step()
    set_back(here)
    await here.until("Finished", limit=4)


async def test_what_does_not_help_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.until("Verifying")
    set_back(here)
    await here.until("Reverting", limit=16)


async def test_what_is_delayed_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART.model_copy(update={"delay_seconds": 60}))
    await here.until("Acting", seconds=0)
    set_back(here)
    await here.until("Verifying", limit=16)


async def test_what_cannot_be_sent_or_undone_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.until("Verifying")
    await here.until("Reverting")
    here.script.apply_errors = [Unavailable("no answer")] * 1000
    set_back(here)
    await here.until("Escalated", limit=20)


async def test_a_drain_that_gets_nowhere_ends(town: Town) -> None:
    await town.begin()
    await town.step()
    await town.step()
    town.world.now -= AHEAD
    town.restart()
    await town.until(applied, seconds=5, limit=16)


async def test_what_a_person_is_asked_for_keeps_the_time_that_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    told = (await here.until("Awaiting")).status.proposal
    set_back(here)
    here.script.plans = [plan("restart"), plan("another"), plan("another")]
    for _ in range(6):
        found = await here.step(61)
    asked = found.status.proposal
    assert told is not None
    assert asked is not None
    assert (asked.digest != told.digest, asked.expires_at) == (True, told.expires_at)


async def test_a_little_ahead_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clocks are never quite the same."""
    here = world(monkeypatch, RESTART)
    found = await here.until("Verifying")
    here.now -= timedelta(seconds=2)
    here.restart()
    assert (await here.step()).resource_version == found.resource_version
