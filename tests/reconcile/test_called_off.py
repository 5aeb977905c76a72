"""What was called off, or overtaken by the world, was not tried: it uses up no rung, and has an end all the same."""

from typing import Any

import pytest

from planaria_contract import Action, Restart
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.remediation import Remediation
from planaria_operator.kube.errors import Conflict
from tests.reconcile import harness
from tests.reconcile.harness import RESTART, World, change_spec, condition
from tests.reconcile.test_ladder import DRASTIC, GENTLE, MIGRATE, RESIZE, ROLLBACK, at, left

LATER = Restart(pods=("front-0",), delay_seconds=30)
PAUSE = [{"requester": "ops", "reason": "database migration"}]
LADDER = {"ladder": [{**GENTLE, "attempts": 1, "timeout_seconds": 3600}, DRASTIC]}
BUDGETS = {name: {"actions": 100} for name in ("budget", "target_budget", "namespace_budget")}


def world(monkeypatch: pytest.MonkeyPatch, *decisions: Any, **spec: Any) -> World:
    return harness.world(monkeypatch, *decisions, guardrails=BUDGETS, **spec)


async def called_off(here: World) -> Remediation:
    """By a pause during its delay, that is lifted then."""
    await here.until("Acting", seconds=1)
    change_spec(here, pause_requests=PAUSE)
    off = await here.until("Blocked")
    change_spec(here, pause_requests=[])
    return off


def sent(here: World) -> list[str]:
    return [body for _, body in here.script.applied]


def why(over: Remediation) -> str:
    return condition(over, "Succeeded").message


async def test_a_pause_during_the_delay_leads_to_nothing_firmer(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, LATER, LATER, ROLLBACK, escalation=LADDER)
    await called_off(here)
    verifying = await here.until("Verifying")
    assert (at(verifying), left(verifying), sent(here)) == ((1, "gentle"), [], ['["restart"]'])
    assert [each.attempts_left for each in here.script.situations] == [2, 2]


async def test_a_world_that_had_changed_leads_to_nothing_firmer(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, RESTART, ROLLBACK, escalation=LADDER)
    here.script.apply_errors = [Conflict("somebody changed it since")]
    verifying = await here.until("Verifying")
    assert (at(verifying), left(verifying), sent(here)) == ((1, "gentle"), [], ['["restart"]'])


async def test_the_rung_is_left_once_something_was_tried_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, LATER, LATER, ROLLBACK, escalation=LADDER)
    await called_off(here)
    await here.until("Reverting")
    drastic = await here.until("Verifying")
    assert (at(drastic), len(drastic.status.attempts)) == ((2, "drastic"), 3)
    assert drastic.status.rung is not None
    assert drastic.status.rung.attempts_before == 1
    assert left(drastic) == ["1 of 1 attempts on the rung gentle are used up; goes on to the rung drastic"]
    over = await here.until("Escalated")
    assert why(over) == "2 of 2 allowed actions were tried and none helped"


async def test_without_a_ladder_only_what_was_tried_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, LATER, LATER, MIGRATE, RESIZE, ROLLBACK, escalation={"max_attempts": 2})
    await called_off(here)
    await called_off(here)
    over = await here.until("Escalated")
    tried = [
        each.plan.action for each in over.status.attempts if each.outcome is not AttemptOutcome.SUPERSEDED
    ]
    assert tried == [Action.MIGRATE, Action.RESIZE]
    assert why(over) == "2 of 2 allowed actions were tried and none helped"


@pytest.mark.parametrize("escalation", [LADDER, {"max_attempts": 3}], ids=["ladder", "no ladder"])
async def test_a_world_that_never_holds_still_is_handed_to_a_person(
    monkeypatch: pytest.MonkeyPatch, escalation: dict[str, Any]
) -> None:
    here = world(monkeypatch, *[RESTART] * 20, escalation=escalation)
    here.script.apply_errors = [Conflict("somebody changed it since") for _ in range(20)]
    over = await here.until("Escalated")
    assert (len(over.status.attempts), sent(here)) == (10, [])
    assert why(over) == (
        "the record is full: 10 attempts, 10 of them called off or overtaken; "
        "the last one: WorldChanged: somebody changed it since"
    )
