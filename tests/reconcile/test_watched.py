"""What must be well before a record ends, and for how long it is waited for that."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from planaria_contract import Resize
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.objects.store import View
from planaria_operator.reconcile import advance as advancing
from planaria_operator.reconcile.case import Case
from planaria_operator.verify.health import Health
from tests import builders
from tests.reconcile.harness import RESTART, TARGET, VERIFICATION, WELL, Script, World, plan

DB = builders.deployment("db")
OWNED = builders.replica_set(TARGET, 1)
ACTED_ON = ObjectReference(kind="Deployment", namespace="shop", name="db", uid=DB.meta.uid)


class Watched(World):
    """Acts on `db` for its target, and keeps what was asked about beside the target."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **spec: Any) -> None:
        elsewhere = plan().model_copy(update={"target": ACTED_ON})
        script = Script([RESTART, Resize(resource="memory", ratio=2)], plans=[elsewhere])
        super().__init__(script, monkeypatch, **{"verification": VERIFICATION, **spec})
        self.store.put(DB)
        self.asked: list[ObjectReference | None] = []
        monkeypatch.setattr(advancing, "health", self.found)

    def found(self, *_: Any, extra: ObjectReference | None, **__: Any) -> Health:
        """The target is as the test says; `db` was at 0 before, is at 0 again, and is never well so."""
        self.asked.append(extra)
        return Health(healthy=False, gone=False, message=f"{extra} is scaled to 0") if extra else self.health


async def test_what_was_acted_on_must_be_well_too_while_the_attempt_is_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Watched(monkeypatch)
    await here.until("Acting", seconds=0)
    assert set(here.asked) == {None}, "nothing was sent yet"
    here.asked.clear()
    await here.until("Reverting")
    assert here.asked[-1] == ACTED_ON


async def test_what_did_not_help_and_was_undone_holds_the_target_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Watched(monkeypatch)
    await here.until("Reverting")
    await here.until("Detected")
    here.health = WELL
    done = await here.until("Finished")
    assert len(done.status.attempts) == 1, "nothing more was done to a target that is well"


async def test_a_record_that_a_person_has_ends_with_its_target_well_though_the_other_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Watched(monkeypatch, escalation={"max_attempts": 1})
    await here.until("Escalated")
    here.health = WELL
    done = await here.until("Finished", limit=5)
    assert [each.outcome.value for each in done.status.attempts] == ["Ineffective"]


class Watching(World):
    """Its target never gets well. `shows`: whether it still shows a fault once it is acted on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, shows: bool = True) -> None:
        super().__init__(Script([RESTART]), monkeypatch, verification=VERIFICATION)
        self.shows = shows
        self.at: dict[int, View] = {}
        """What comes so many seconds after it was applied."""

    async def applied(self) -> datetime:
        await self.until("Verifying", seconds=1)
        return self._applied

    async def given_up(self) -> int:
        """Seconds after which the action is."""
        while (await self.look()).status.stage is Stage.VERIFYING:
            if view := self.at.get(self.age):
                self.store.put(view)
        return self.age

    async def look(self) -> Remediation:
        self.now += timedelta(seconds=1)
        found = (self.incident,) if self.shows else ()
        return await advancing.advance(self.parts, Case(await self.open(), self.policy, found, self.now))

    @property
    def age(self) -> int:
        return int((self.now - self._applied).total_seconds())

    @property
    def _applied(self) -> datetime:
        (record,) = self.store.remediations.values()
        assert record.status.attempt is not None
        assert record.status.attempt.applied_at is not None
        return record.status.attempt.applied_at


@pytest.mark.parametrize(
    ("rollouts", "given_up"),
    [
        ((), 60),
        ((1, 5), 60),
        ((20,), 80),
        ((20, 40), 100),
        ((59, 70, 118), 120),
    ],
    ids=["none", "our own", "one", "two", "one a minute"],
)
async def test_somebody_elses_rollout_gives_an_action_its_time_anew_once(
    monkeypatch: pytest.MonkeyPatch, rollouts: tuple[int, ...], given_up: int
) -> None:
    """A target is not well before it is through, whatever was done before."""
    here = Watching(monkeypatch)
    here.store.put(OWNED)
    applied = await here.applied()
    for second in rollouts:
        made = applied + timedelta(seconds=second)
        here.at[second] = builders.replica_set(TARGET, 2 + second, created=made)
    assert await here.given_up() == given_up


@pytest.mark.parametrize(
    ("scalings", "late", "given_up"),
    [
        ((), (20,), 60),
        ((-30,), (20,), 60),
        ((20,), (), 60),
        ((20,), (21,), 120),
        ((20, 50, 80, 110), (21, 51), 120),
        ((20,), (-3600, 21), 60),
        ((20,), (1, 21), 60),
    ],
    ids=[
        "none",
        "before",
        "all ready",
        "one",
        "again and again",
        "an old pod is ill",
        "a restarted pod is ill",
    ],
)
async def test_only_what_an_autoscaler_has_added_is_waited_for_as_long_again(
    monkeypatch: pytest.MonkeyPatch, scalings: tuple[int, ...], late: tuple[int, ...], given_up: int
) -> None:
    """A pod that was there before, or that the action made, shows whether that helped."""
    here = Watching(monkeypatch)
    here.store.put(OWNED)
    applied = await here.applied()
    for second in late:
        made = applied + timedelta(seconds=second)
        here.store.put(builders.pod(f"front{second}", OWNED, ready=False, created=made))
    for second in scalings:
        here.at[second] = builders.autoscaler(TARGET, scaled_at=applied + timedelta(seconds=second))
    assert await here.given_up() == given_up


@pytest.mark.parametrize(
    ("seconds", "shows", "given_up"),
    [(0, False, 60), (100, False, 360), (100, True, 60)],
    ids=["none", "ready, not yet available", "a fault shows"],
)
@pytest.mark.parametrize("which", [TARGET, DB], ids=["target", "acted on"])
async def test_what_is_ready_gets_its_min_ready_seconds(
    monkeypatch: pytest.MonkeyPatch, which: Any, seconds: int, shows: bool, given_up: int
) -> None:
    here = Watching(monkeypatch, shows=shows)
    here.script.plans = [plan().model_copy(update={"target": ACTED_ON})]
    for each in (TARGET, DB):
        here.store.put(replace(each, min_ready_seconds=seconds if each is which else 0))
    await here.applied()
    assert await here.given_up() == given_up
