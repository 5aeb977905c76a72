"""What is in the way of a plan before any guard is asked: it is written down, counted, and asked again."""

from typing import Any

import pytest

from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.errors import (
    Conflict,
    KubeError,
    NotLeading,
    TooManyRequests,
    Unavailable,
)
from tests.reconcile.harness import RESTART, Script, World, condition, refused_by_no_guard

WEBHOOK = 'patch Deployment/front: failed calling webhook "validate.kyverno.svc": connection refused'
NOT_NOW = [
    (Unavailable(WEBHOOK), Reason.API_UNAVAILABLE),
    (TooManyRequests("patch front: please try again later"), Reason.API_UNAVAILABLE),
    (TooManyRequests("evict front-0: budget front allows 0", budget=True), Reason.DISRUPTION_BUDGET),
    (Conflict("patch front: a webhook says 409"), Reason.WORLD_CHANGED),
]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(Script([RESTART] * 100), monkeypatch)


def failing(monkeypatch: pytest.MonkeyPatch, of: object, name: str, *errors: KubeError) -> None:
    """The first calls fail, and those after them do not."""
    left, real = list(errors), getattr(of, name)

    async def call(*asked: Any, **also: Any) -> Any:
        if left:
            raise left.pop(0)
        return await real(*asked, **also)

    monkeypatch.setattr(of, name, call)


@pytest.mark.parametrize(("error", "reason"), NOT_NOW)
async def test_what_is_in_the_way_of_a_dry_run_is_said_and_counted_and_asked_again(
    here: World, monkeypatch: pytest.MonkeyPatch, error: KubeError, reason: Reason
) -> None:
    counted = refused_by_no_guard(reason)
    failing(monkeypatch, here.script, "dry_run", error)
    blocked = await here.until("Blocked", seconds=0)
    executed = condition(blocked, "Executed")
    assert (executed.status, executed.reason, executed.message) == (Status.FALSE, reason.value, str(error))
    assert here.script.events[-1] == (reason, str(error))
    assert refused_by_no_guard(reason) == counted + 1
    await here.until("Acting")
    assert here.script.situations[-1].masks == here.script.situations[0].masks, "nothing is ruled out by it"


async def test_a_webhook_that_stays_away_is_told_once_and_asked_again_at_intervals(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, here.script, "dry_run", *[Unavailable(WEBHOOK)] * 100)
    for _ in range(60):
        await here.step(2)
    assert [reason for reason, _ in here.script.events].count(Reason.API_UNAVAILABLE) == 1
    assert 5 < len(here.script.situations) < 20, "evidence is read for each"


async def test_an_api_server_that_cannot_say_what_a_plan_asks_of_it_is_asked_again(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, here.script, "plan", Unavailable("list HorizontalPodAutoscaler: 503"))
    blocked = await here.until("Blocked", seconds=0)
    assert condition(blocked, "Executed").reason == Reason.API_UNAVAILABLE
    await here.until("Acting")


async def test_nothing_is_counted_where_it_cannot_be_written_down_either(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API server is away altogether: the engine tries again, and knows when it is back."""
    await here.until("Understood", seconds=0)
    counted = refused_by_no_guard(Reason.API_UNAVAILABLE)
    failing(monkeypatch, here.script, "dry_run", Unavailable("no answer"))
    failing(monkeypatch, here.parts.records, "write", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await here.step()
    assert refused_by_no_guard(Reason.API_UNAVAILABLE) == counted
    assert (await here.step()).status.stage == "Acting"


async def test_one_that_does_not_lead_any_more_writes_nothing(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await here.until("Understood", seconds=0)
    failing(monkeypatch, here.script, "dry_run", NotLeading("another may lead"))
    with pytest.raises(NotLeading):
        await here.step()
    assert (await here.open()).status == before.status
