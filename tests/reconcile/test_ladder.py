"""The escalation ladder: gentle first, each rung for a while and no longer, and a person above the last one."""

from typing import Any

import pytest

from planaria_contract import Action, Escalate, Migrate, Resize, Rollback, Wait
from planaria_operator.act.builder import Refusal
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from tests import builders
from tests.reconcile import harness
from tests.reconcile.harness import RESTART, VERIFICATION, WELL, World, change_spec, condition, policy_body

MIGRATE = Migrate(pods=("front-0",))
RESIZE = Resize(resource="memory", ratio=2)
ROLLBACK = Rollback(revision="1")
GENTLE = {"name": "gentle", "actions": ["restart", "migrate"], "attempts": 2, "timeout_seconds": 600}
FIRM = {"name": "firm", "actions": ["resize", "scale"], "attempts": 1, "timeout_seconds": 300}
DRASTIC = {"name": "drastic", "actions": ["rollback"], "attempts": 1, "timeout_seconds": 300}


def world(monkeypatch: pytest.MonkeyPatch, *decisions: Any, rungs: Any = None, **spec: Any) -> World:
    wanted = {
        "escalation": {"ladder": rungs or [GENTLE, FIRM, DRASTIC]},
        "guardrails": {"target_budget": {"actions": 100}, "budget": {"actions": 100}},
    }
    return harness.world(monkeypatch, *decisions, **{**wanted, **spec})


def masked(here: World, nth: int = -1) -> dict[Action, str]:
    return {mask.category: mask.reason for mask in here.script.situations[nth].masks}


def left(remediation: Remediation) -> list[str]:
    return [each.message for each in remediation.status.timeline if each.reason == "RungLeft"]


def at(remediation: Remediation) -> tuple[int, str] | None:
    rung = remediation.status.rung
    return (rung.number, rung.name) if rung else None


async def test_only_what_is_on_the_rung_may_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    acting = await here.until("Acting", seconds=0)
    assert at(acting) == (1, "gentle")
    found = masked(here)
    assert found[Action.RESIZE] == found[Action.SCALE] == found[Action.ROLLBACK] == "NotOnThisRung"
    assert not {Action.RESTART, Action.MIGRATE, Action.NONE, Action.ESCALATE} & found.keys()
    messages = [mask.message for mask in here.script.situations[-1].masks if mask.reason == "NotOnThisRung"]
    assert "resize is not on the rung gentle" in messages


async def test_every_rung_is_climbed_and_a_person_stands_above(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, MIGRATE, RESIZE, ROLLBACK)
    over = await here.until("Escalated")
    assert [attempt.plan.action for attempt in over.status.attempts] == [
        *(Action.RESTART, Action.MIGRATE, Action.RESIZE, Action.ROLLBACK),
    ]
    assert [message.partition(";")[0] for message in left(over)] == [
        "2 of 2 attempts on the rung gentle are used up",
        "1 of 1 attempts on the rung firm are used up",
    ]
    assert at(over) == (3, "drastic")
    assert over.status.rung is not None
    assert over.status.rung.attempts_before == 3
    assert condition(over, "Succeeded").message == "4 of 4 allowed actions were tried and none helped"
    assert [reason for reason, _ in here.script.events].count(Reason.RUNG_LEFT) == 2
    assert [each.attempts_left for each in here.script.situations] == [4, 3, 2, 1]


async def test_a_rung_on_which_nothing_is_possible_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, Escalate(reason="nothing fits"), Escalate(reason="nor here"), ROLLBACK)
    acting = await here.until("Acting", seconds=0)
    assert at(acting) == (3, "drastic")
    assert acting.status.attempts[0].plan.action is Action.ROLLBACK
    assert [message.rpartition("; ")[2] for message in left(acting)] == [
        "goes on to the rung firm",
        "goes on to the rung drastic",
    ]


async def test_what_cannot_be_planned_leaves_the_rung_too(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, MIGRATE, Escalate(reason="ruled out"), RESIZE)
    here.script.plans = [Refusal(Reason.NO_AFFECTED_POD, "gone"), Refusal(Reason.NO_OTHER_NODE, "none")]
    acting = await here.until("Acting", seconds=0)
    assert at(acting) == (2, "firm")
    assert acting.status.attempts[0].plan.action is Action.RESIZE


async def test_above_the_last_rung_a_person_takes_over_whatever_is_masked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch)  # the script asks for a person on every rung
    over = await here.until("Escalated", seconds=0)
    assert at(over) == (3, "drastic")
    assert over.status.attempts == ()
    assert len(left(over)) == 2


async def test_waiting_does_not_outlast_the_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, *[Wait(wait_seconds=180)] * 4, RESIZE)
    acting = await here.until("Acting", seconds=1, limit=700)
    assert at(acting) == (2, "firm")
    assert acting.status.rung is not None
    begun = here.script.situations[0].age_seconds
    gone = here.script.situations[-1].age_seconds
    assert begun is not None
    assert gone is not None
    assert 600 <= gone - begun <= 605
    assert acting.status.waits == 4, "180, 180, 180 and the 60 s that were left"


async def test_a_guard_that_holds_one_incident_does_not_stop_the_ladder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, *[RESTART] * 30, guardrails={"target_budget": {"actions": 0}})
    over = await here.until("Escalated", seconds=5, limit=600)
    assert [message.partition(";")[0] for message in left(over)] == [
        "the 600 s of the rung gentle are over",
        "the 300 s of the rung firm are over",
    ]
    assert here.script.applied == []


@pytest.mark.parametrize(
    "spec", [{"mode": "Observe"}, {"pause_requests": [{"requester": "ops", "reason": "moving house"}]}]
)
async def test_what_holds_everything_stops_the_ladder(
    monkeypatch: pytest.MonkeyPatch, spec: dict[str, Any]
) -> None:
    here = world(monkeypatch, *[RESTART] * 100, **spec)
    for _ in range(500):
        held = await here.step(5)
    assert at(held) == (1, "gentle")
    assert left(held) == []
    assert held.status.stage in {Stage.BLOCKED, Stage.UNDERSTOOD}


async def test_after_a_pause_the_rungs_time_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = [{"requester": "ops", "reason": "moving house"}]
    waits = [Wait(wait_seconds=60)] * 30
    here = world(monkeypatch, *[RESTART] * 20, *waits, pause_requests=pause)
    for _ in range(200):
        await here.step(5)
    here.script.decisions[:] = waits
    change_spec(here, pause_requests=[])
    began = here.now
    while at(climbed := await here.step(5)) == (1, "gentle"):
        pass
    assert at(climbed) == (2, "firm"), "waiting is no pause, whatever was said before"
    assert 590 <= (here.now - began).total_seconds() <= 680


async def test_a_restart_forgets_nothing_of_the_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, MIGRATE, RESIZE)
    before = await here.until("Reverting")
    here.restart()
    again = await here.until("Acting")
    assert again.status.rung == before.status.rung, "neither the time nor the attempts begin again"
    firm = await here.until("Verifying")
    while at(firm) == (1, "gentle"):
        here.restart()
        firm = await here.step(5)
    assert at(firm) == (2, "firm")
    assert [attempt.plan.action.value for attempt in firm.status.attempts] == ["restart", "migrate", "resize"]


async def test_verification_is_not_cut_short_by_the_rungs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    short = {**GENTLE, "timeout_seconds": 30}
    here = world(monkeypatch, RESTART, RESIZE, rungs=[short, FIRM])
    verifying = await here.until("Verifying", seconds=1)
    for _ in range(10):
        verifying = await here.step(5)
    assert verifying.status.stage is Stage.VERIFYING
    here.health = WELL
    done = await here.until("Finished")
    assert done.status.attempts[0].outcome.value == "Recovered"


async def test_after_its_time_an_action_that_did_not_help_leads_to_the_next_rung(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = {**GENTLE, "timeout_seconds": 30}
    here = world(monkeypatch, RESTART, RESIZE, rungs=[short, FIRM])
    await here.until("Reverting")
    acting = await here.until("Acting")
    assert at(acting) == (2, "firm"), "the second attempt of gentle comes too late"


async def test_a_ladder_that_is_changed_meanwhile_is_gone_on_with_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, MIGRATE, RESIZE, RESTART)
    await here.until("Verifying")
    change(here, [{**FIRM, "name": "new"}, GENTLE])
    again = await here.until("Acting")
    assert at(again) == (2, "gentle")
    change(here, [FIRM])
    firm = await here.until("Acting")
    assert at(firm) == (1, "firm"), "the name is gone, and so is the second rung"


async def test_a_ladder_that_is_taken_away_leaves_the_usual_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, MIGRATE, RESIZE, ROLLBACK)
    await here.until("Verifying")
    change(here, [])
    over = await here.until("Escalated")
    assert len(over.status.attempts) == 3
    assert over.status.rung is None


async def test_no_more_attempts_are_made_than_a_record_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [
        {"name": f"r{n}", "actions": ["resize"], "attempts": 10, "timeout_seconds": 86400} for n in (1, 2)
    ]
    decisions = [Resize(resource="memory", ratio=1.1 + step / 10) for step in range(14)]
    rails = {name: {"actions": 100} for name in ("budget", "target_budget", "namespace_budget")}
    rails["breaker"] = {"failures": 50}
    here = world(monkeypatch, *decisions, rungs=many, guardrails=rails)
    over = await here.until("Escalated", limit=2000)
    assert len(over.status.attempts) == 10


def change(here: World, rungs: list[dict[str, Any]]) -> None:
    """What a person writes into the policy while an incident is open."""
    wanted = builders.policy(
        verification=VERIFICATION,
        escalation={"ladder": rungs},
        guardrails={"target_budget": {"actions": 100}, "budget": {"actions": 100}},
    )
    for (kind, *_), body in here.kube.objects.items():
        if kind == "HealingPolicy":
            body["spec"] = policy_body(wanted)["spec"]
    here.restart()
