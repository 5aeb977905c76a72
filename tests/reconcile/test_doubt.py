"""What is not sure enough to act on is read again, for as long as that may help and no longer."""

from typing import Any

import pytest

from planaria_contract import Escalate, Fault, Observation, SemanticState
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.decide.runbook import Runbook
from tests import builders
from tests.reconcile.harness import RESTART, VERIFICATION, Script, World, change_spec, said


class Doubtful(Script):
    """Reads with the confidences it was given, the last one for ever; decides as the runbook does where it has no script."""

    confidences: tuple[float, ...] = (0.1,)
    read: int = 0
    fault = Fault.HANG_OR_PROBE_FAILURE

    async def extract(self, _: Observation) -> SemanticState:
        self.read += 1
        return builders.state(
            self.fault, confidence=self.confidences[min(self.read, len(self.confidences)) - 1]
        )

    async def decide(self, situation: Any) -> Any:
        self.situations.append(situation)
        return await Runbook().decide(situation)


def world(monkeypatch: pytest.MonkeyPatch, *confidences: float, **spec: Any) -> World:
    script = Doubtful([])
    script.confidences = confidences
    return World(script, monkeypatch, **{"verification": VERIFICATION, **spec})


def looked_again(remediation: Remediation) -> int:
    return sum("the evidence is read again" in each.message for each in remediation.status.timeline)


async def test_evidence_that_becomes_surer_is_acted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, 0.1, 0.1, 0.15, 0.9)
    acting = await here.until("Acting", seconds=5)
    assert acting.status.attempts[0].plan.action.value == "restart"
    assert looked_again(acting) == 2, "after the runbook's own second look"


@pytest.mark.parametrize(("most", "waits"), [(1000, 4), (3, 3)])
async def test_evidence_that_does_not_is_handed_to_a_person_in_the_end(
    monkeypatch: pytest.MonkeyPatch, most: int, waits: int
) -> None:
    here = world(monkeypatch, 0.1, escalation={"max_waits": most})
    over = await here.until("Escalated", seconds=5, limit=400)
    assert over.status.waits == waits
    assert over.status.decision is not None
    assert "LowConfidence" in {mask.reason for mask in over.status.decision.masks}
    assert here.script.applied == []


async def test_a_floor_of_one_action_alone_is_waited_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = [{"type": "restart", "min_confidence_percent": 95}]
    here = world(monkeypatch, 0.9, 0.9, 0.97, actions=actions)
    acting = await here.until("Acting", seconds=5)
    assert looked_again(acting) >= 1


async def test_what_is_sure_and_fits_nothing_goes_to_a_person_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = World(Script([Escalate(reason="nothing fits")]), monkeypatch)
    over = await here.until("Escalated", seconds=0)
    assert over.status.waits == 0


async def test_what_another_reason_rules_out_too_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, 0.1, actions=[])
    over = await here.until("Escalated", seconds=5)
    assert looked_again(over) == 0


async def test_after_an_action_doubt_is_no_reason_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, 0.9, 0.1)
    over = await here.until("Escalated", seconds=5, limit=400)
    assert len(over.status.attempts) == 1
    assert looked_again(over) == 0


async def test_on_a_ladder_doubt_does_not_outlast_the_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    rungs = [{"name": name, "actions": ["restart"], "timeout_seconds": 120} for name in ("a", "b")]
    here = world(monkeypatch, 0.1, escalation={"ladder": rungs, "max_waits": 1000})
    over = await here.until("Escalated", seconds=5)
    first, last = over.status.timeline[0].time, over.status.timeline[-1].time
    assert 240 <= (last - first).total_seconds() <= 260


# --- a recommendation that no longer holds


async def test_a_recommendation_ends_when_the_policy_enforces(monkeypatch: pytest.MonkeyPatch) -> None:
    here = World(Script([RESTART] * 9), monkeypatch, mode="Recommend")
    blocked = await here.until("Blocked")
    assert said(blocked, "Recommended") == ("True", "Recommended")
    change_spec(here, mode="Enforce")
    acting = await here.until("Acting", seconds=20)
    assert said(acting, "Recommended") == ("False", "NotRecommended")


async def test_it_ends_also_where_nothing_is_done_then(monkeypatch: pytest.MonkeyPatch) -> None:
    here = World(Script([RESTART] * 9), monkeypatch, mode="Recommend")
    await here.until("Blocked")
    change_spec(here, mode="Enforce", pause_requests=[{"requester": "ops", "reason": "wait"}])
    for _ in range(5):
        held = await here.step(20)
    assert held.status.stage in {Stage.BLOCKED, Stage.UNDERSTOOD}
    assert said(held, "Recommended") == ("False", "NotRecommended")


async def test_it_stays_while_the_policy_still_recommends_something(monkeypatch: pytest.MonkeyPatch) -> None:
    here = World(Script([RESTART] * 9), monkeypatch, mode="Recommend")
    await here.until("Blocked")
    for _ in range(9):
        blocked = await here.step(20)
    assert said(blocked, "Recommended") == ("True", "Recommended")
