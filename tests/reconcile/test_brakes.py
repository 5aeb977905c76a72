"""What the brakes do to an incident and to its policy: recommended, held, dropped, told."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Action, Resize, Rollback
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.policy_status import BreakerStatus, HealingPolicyStatus, StormStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.guard.stale import FreshEvidence
from planaria_operator.guard.weather import CALM, Weather
from planaria_operator.reconcile.brakes import braked, tell_of_brakes
from planaria_operator.reconcile.engine import Engine
from planaria_operator.verify.health import Health
from tests import builders
from tests.builders import NOW, ago, policy, store
from tests.guard import proposals as guards
from tests.reconcile.harness import RESTART, SICK, Script, World, change_spec, condition, said, world

MORE = Resize(resource="memory", ratio=2)


# --- modes


async def test_a_recommendation_is_a_condition_and_an_event_and_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, *[RESTART] * 40, mode="Recommend")
    blocked = await here.until("Blocked")
    for _ in range(20):
        blocked = await here.step(10)
    assert here.script.applied == []
    assert here.script.dry_runs == 0, "a dry run is a changing call to whoever reads the audit log"
    assert said(blocked, "Recommended") == ("True", "Recommended")
    assert condition(blocked, "Recommended").message.startswith(
        "recommended: restart Deployment/front: restart front (plan "
    )
    assert [reason for reason, _ in here.script.events].count(Reason.RECOMMENDED) == 1


async def test_a_recommendation_tells_what_else_would_be_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, *[RESTART] * 4, mode="Recommend", guardrails={"budget": {"actions": 0}})
    blocked = await here.until("Blocked")
    assert condition(blocked, "Recommended").message.endswith("; but also BudgetExhausted")


async def test_what_is_only_observed_is_masked_beside_what_is_enforced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    actions = [{"type": "restart", "mode": "Observe"}, {"type": "resize"}]
    here = world(monkeypatch, MORE, actions=actions)
    await here.until("Acting", seconds=0)
    masks = {mask.category: mask.reason for mask in here.script.situations[-1].masks}
    assert masks[Action.RESTART] == "ObserveMode"
    assert Action.RESIZE not in masks


async def test_a_fault_that_is_not_sure_enough_masks_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = [{"type": "restart", "min_confidence_percent": 95}, {"type": "resize"}]
    here = world(monkeypatch, MORE, actions=actions)
    await here.until("Acting", seconds=0)
    masks = {mask.category: mask.reason for mask in here.script.situations[-1].masks}
    assert masks[Action.RESTART] == "LowConfidence"


# --- asking again


async def test_a_raised_budget_shows_within_five_minutes_though_the_next_action_is_free_in_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    none = {"budget": {"actions": 0, "window_seconds": 86400}}
    here = world(monkeypatch, *[RESTART] * 4, guardrails=none)
    blocked = await here.until("Blocked", seconds=0)
    assert said(blocked, "Executed") == ("False", "BudgetExhausted")
    change_spec(here, guardrails={})
    await here.step(300)
    assert (await here.step()).status.stage is Stage.ACTING


# --- repetition


async def test_what_did_not_help_in_an_earlier_incident_is_neither_proposed_nor_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, escalation={"max_attempts": 1}, guardrails={"cooldown_seconds": 0})
    first = await here.until("Escalated")
    assert first.status.attempts[0].outcome is AttemptOutcome.INEFFECTIVE
    here.health = Health(healthy=True, gone=False, message="a person did it")
    await here.until("Finished")
    here.health, here.script.decisions = SICK, [RESTART, Rollback(revision="1")]
    verifying = await here.until("Verifying")
    assert verifying.name != first.name
    assert verifying.status.attempts[0].decision.action is Action.ROLLBACK
    situation = here.script.situations[-1]
    assert [(each.action, each.parameters) for each in situation.tried] == [("restart", None)]
    masks = {mask.category: mask.reason for mask in situation.masks}
    assert masks[Action.RESTART] == "IneffectiveBefore"


async def test_in_one_incident_nothing_is_repeated_though_the_window_is_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off = {"repeat_window_seconds": 0, "cooldown_seconds": 0}
    here = world(monkeypatch, RESTART, RESTART, MORE, guardrails=off)
    await here.until("Reverting")
    second = await here.until("Verifying")
    assert [each.decision.action for each in second.status.attempts] == [Action.RESTART, Action.RESIZE]
    masks = {mask.category: mask.reason for mask in here.script.situations[-1].masks}
    assert masks[Action.RESTART] == "AlreadyTried"


# --- the breaker


async def test_a_person_closes_the_breaker_and_what_was_queued_is_dropped_not_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = {"failures": 1, "reset": "a"}
    here = world(monkeypatch, RESTART, *[MORE] * 60, guardrails={"breaker": limit, "cooldown_seconds": 0})
    await summarise(here)
    await here.until("Reverting")
    await summarise(here)
    blocked = await here.until("Blocked", seconds=1)
    assert said(blocked, "Executed") == ("False", "BreakerOpen")
    here.restart()
    await summarise(here)
    assert here.policy.status.breaker.opened_at, "a restart does not close it"
    for _ in range(20):
        assert (await here.step(60)).status.stage is not Stage.ACTING

    change_spec(here, guardrails={"breaker": {**limit, "reset": "b"}, "cooldown_seconds": 0})
    await here.until("Blocked", seconds=1)
    await summarise(here)
    dropped = await here.step(1)
    assert dropped.status.stage is Stage.FINISHED
    assert said(dropped, "Succeeded") == ("False", "BacklogDropped")
    here.script.decisions = [MORE]
    anew = await here.until("Acting", seconds=0)
    assert (anew.name != dropped.name, len(anew.status.attempts)) == (True, 1)


async def summarise(here: World, weather: Weather = CALM) -> None:
    before = here.policy
    after = await here.parts.records.update_policy(
        before, lambda status: braked(here.store, before, status, weather, here.now)
    )
    tell_of_brakes(here.parts.recorder, before, after)


# --- evidence of another time


async def test_an_incident_that_was_understood_before_the_operator_was_away_is_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, RESTART)
    old = await here.until("Understood", seconds=0)
    here.restart()
    blocked = await here.step(3600)
    assert said(blocked, "Executed") == ("False", "StaleEvidence")
    again = await here.until("Understood", seconds=1)
    assert (again.status.understood_at, old.status.understood_at) == (here.now, NOW)
    assert (await here.step()).status.stage is Stage.ACTING


# --- what the policy says


def conditions(status: HealingPolicyStatus) -> dict[str, tuple[str, str]]:
    return {each.type: (each.status.value, each.reason) for each in status.conditions}


def test_a_calm_policy_says_so():
    status = braked(store(), policy(), HealingPolicyStatus(), CALM, NOW)
    assert conditions(status) == {
        "Paused": ("False", "NotPaused"),
        "StormActive": ("False", "Calm"),
        "BreakerOpen": ("False", "BreakerClosed"),
    }
    assert braked(store(), policy(), status, CALM, NOW + timedelta(seconds=60)) == status


def test_every_brake_that_holds_is_a_condition():
    made = policy(pause_requests=[{"requester": "anna", "reason": "migration"}])
    opened = HealingPolicyStatus(breaker=BreakerStatus(opened_at=ago(5), observed_reset=""))
    status = braked(store(), made, opened, Weather(StormStatus(since=NOW, why="3 broke")), NOW)
    assert conditions(status) == {
        "Paused": ("True", "Paused"),
        "StormActive": ("True", "StormActive"),
        "BreakerOpen": ("True", "BreakerOpen"),
    }
    assert [each.message for each in status.conditions][:2] == ["anna: migration", "3 broke"]


def test_the_end_of_a_storm_is_remembered():
    raging = HealingPolicyStatus(storm=StormStatus(since=ago(60)))
    status = braked(store(), policy(), raging, CALM, NOW)
    assert (status.storm, status.storm_ended_at) == (None, NOW)


def test_a_clock_that_is_set_back_does_not_make_all_evidence_look_stale():
    status = braked(store(), policy(), HealingPolicyStatus(storm_ended_at=ago(-3600)), CALM, NOW)
    assert status.storm_ended_at == NOW
    under = policy().model_copy(update={"status": status})
    read = guards.remediation(understood_at=ago(-1))
    assert FreshEvidence().check(guards.proposal(under=under, remediation=read)).allowed
    assert braked(store(), policy(), status, CALM, NOW) == status, "written once"


async def test_a_brake_is_told_when_it_begins_to_hold_and_when_it_lets_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch)
    await summarise(here)
    raging = Weather(StormStatus(since=NOW, why="3 broke"))
    for weather in (raging, raging, CALM, CALM):
        await summarise(here, weather)
    assert [reason for reason, _ in here.script.events] == [Reason.STORM_ACTIVE, Reason.CALM]


# --- the loop


async def test_the_loop_lets_one_remediation_act_for_a_shared_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six workloads need a seventh that is scaled to zero: one brings it back, five name that one."""
    here = World(Script([RESTART] * 200), monkeypatch, guardrails={"min_healthy": "50%"})
    back = builders.deployment("back", desired=0)
    here.store.put(back)
    for view in builders.service_of(back):
        here.store.put(view)
    for number in range(6):
        for view in _user(f"user-{number}", f"node-{number % 3}"):
            here.store.put(view)
    for number in range(3):
        here.store.put(builders.node(f"node-{number}"))
    engine = Engine(here.parts)
    for _ in range(12):
        await engine.tick(here.now)
        await asyncio.gather(*engine._running.values())
        here.now += timedelta(seconds=1)
    records = here.store.remediations.values()
    acting = [each for each in records if each.status.attempts]
    waiting = [each for each in records if not each.status.attempts]
    assert (len(acting), len(waiting)) == (1, 5)
    assert {said(each, "Executed")[1] for each in waiting} == {"SharedCause"}
    assert acting[0].name in condition(waiting[0], "Executed").message
    assert conditions(here.policy.status)["StormActive"] == ("True", "StormActive")


def _user(name: str, node: str) -> list[Any]:
    workload = builders.deployment(name, ready=0, available=0, environment=("http://back:8080",))
    owned = builders.replica_set(workload, ready=0)
    unready: dict[str, Any] = {"ready": False, "ready_since": ago(60), "started_at": ago(900)}
    return [workload, owned, builders.pod(f"{name}-0", owned, node=node, **unready)]
