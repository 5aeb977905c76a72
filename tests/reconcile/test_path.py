"""What happens to one incident, station by station: applied once, verified, undone, handed over, or left alone."""

from datetime import timedelta

import pytest

from planaria_contract import Resize, Wait
from planaria_operator.act.builder import Refusal
from planaria_operator.act.naming import attempt_name
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.kube.errors import Conflict, Forbidden, Invalid, TooManyRequests, Unavailable
from planaria_operator.verify.health import Health
from tests.builders import policy, workload_fact
from tests.reconcile.harness import RESTART, SICK, WELL, plan, said, world


async def test_an_action_that_helps_is_applied_once_and_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.until("Verifying")
    here.health = WELL
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("True", "Recovered")
    assert said(done, "Executed") == ("True", "ActionApplied")
    assert [name for name, _ in here.script.applied] == [attempt_name(done, 1)]
    assert done.status.recovery_seconds is not None
    assert done.status.recovery_seconds >= 60, "counted from when the fault was visible"


async def test_recovered_means_for_the_whole_settle_time(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.until("Verifying")
    here.health = WELL
    assert (await here.step(5)).status.stage is Stage.VERIFYING
    here.health = SICK
    assert (await here.step(5)).status.healthy_since is None
    here.health = WELL
    assert (await here.step(5)).status.stage is Stage.VERIFYING
    assert (await here.step(9)).status.stage is Stage.VERIFYING
    assert (await here.step(2)).status.stage is Stage.FINISHED


async def test_what_does_not_help_is_undone_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, Resize(resource="memory", ratio=2))
    await here.until("Reverting")
    again = await here.until("Acting", seconds=1)
    first = again.status.attempts[0]
    assert (first.outcome, first.reverted_at is not None) == (AttemptOutcome.INEFFECTIVE, True)
    assert [body for _, body in here.script.applied] == ['["restart"]', '["undo restart"]']
    assert [tried.action for tried in here.script.situations[-1].tried] == ["restart"]


async def test_after_the_last_allowed_attempt_a_person_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    decisions = (RESTART, Resize(resource="memory", ratio=2), RESTART)
    here = world(monkeypatch, *decisions, escalation={"max_attempts": 2})
    escalated = await here.until("Escalated")
    assert len(escalated.status.attempts) == 2
    assert said(escalated, "Succeeded") == ("Unknown", "Escalated")
    here.health = WELL
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("False", "RecoveredAfterEscalation")


async def test_a_target_that_gets_well_cancels_what_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.step()
    here.health = WELL
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("True", "RecoveredWithoutAction")
    assert here.script.applied == []


async def test_in_observe_mode_nothing_is_applied_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, *[RESTART] * 40, mode="Observe")
    for _ in range(60):
        blocked = await here.step(10)
    assert here.script.applied == []
    assert said(blocked, "Executed") == ("False", "ObserveMode")
    assert blocked.status.decision is not None, "what would be done is recorded"
    assert [reason for reason, _ in here.script.events].count(Reason.OBSERVE_MODE) == 1
    assert len(blocked.status.timeline) < 6


async def test_a_process_that_died_between_intent_and_applied_finishes_that_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, Resize(resource="memory", ratio=2))
    await here.until("Acting", seconds=0)
    here.restart()
    verifying = await here.step()
    assert verifying.status.stage is Stage.VERIFYING
    assert len(verifying.status.attempts) == 1
    assert len(here.script.applied) == 1
    assert len(here.policy.status.reservations) == 1


async def test_a_stale_record_loses_and_nothing_happens_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, RESTART)
    old = await here.until("Understood", seconds=0)
    await here.until("Acting", seconds=0)
    from planaria_operator.reconcile.advance import advance
    from planaria_operator.reconcile.case import Case

    with pytest.raises(Conflict):
        await advance(here.parts, Case(old, here.policy, (here.incident,), here.now))
    current = await here.open()
    assert len(current.status.attempts) == 1


async def test_a_budget_that_refuses_is_retried_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    here.script.apply_errors = [TooManyRequests("budget front allows 0", 5, budget=True)] * 40
    await here.until("Acting", seconds=0)
    waiting = await here.step()
    assert said(waiting, "Executed") == ("False", "DisruptionBudget")
    assert waiting.status.stage is Stage.ACTING
    gone = await here.until("Detected", seconds=6)
    assert gone.status.attempts[0].outcome is AttemptOutcome.FAILED
    assert said(gone, "Executed") == ("False", "NotAppliedInTime")


async def test_an_api_server_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    here.script.apply_errors = [Unavailable("no answer")] * 3
    verifying = await here.until("Verifying", seconds=2)
    assert len(verifying.status.attempts) == 1
    assert len(here.script.applied) == 1


async def test_a_server_that_throttles_is_waited_for_and_no_budget_is_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART)
    here.script.apply_errors = [TooManyRequests("patch front: please try again later", 7)]
    await here.until("Acting", seconds=0)
    waiting = await here.step()
    assert said(waiting, "Executed") == ("False", "ApiUnavailable")
    assert waiting.status.next_check_at == here.now + timedelta(seconds=7), "as long as the server asks for"
    assert (await here.step(7)).status.stage is Stage.VERIFYING


async def test_a_world_that_changed_is_decided_on_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, RESTART)
    here.script.apply_errors = [Conflict("front was changed by somebody else")]
    again = await here.until("Verifying")
    assert [attempt.outcome for attempt in again.status.attempts] == [
        AttemptOutcome.SUPERSEDED,
        AttemptOutcome.PENDING,
    ]
    assert here.script.situations[-1].tried == (), "it was not tried, so it is not ruled out"


@pytest.mark.parametrize(
    ("error", "reason"), [(Forbidden("may not patch"), "Forbidden"), (Invalid("quota"), "Rejected")]
)
async def test_what_the_api_server_refuses_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    here = world(monkeypatch, RESTART)
    here.script.apply_errors = [error]
    await here.until("Acting")
    failed = await here.step()
    assert said(failed, "Executed") == ("False", reason)
    assert failed.status.attempts[0].outcome is AttemptOutcome.FAILED


async def test_what_cannot_be_planned_is_masked_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, Resize(resource="memory", ratio=2))
    here.script.plans = [Refusal(Reason.NO_AFFECTED_POD, "front-0 is gone"), plan()]
    await here.until("Acting", seconds=0)
    masks = {mask.category.value: mask.reason for mask in here.script.situations[-1].masks}
    assert masks["restart"] == "NoAffectedPod"


async def test_where_the_world_has_changed_since_the_evidence_was_read_it_is_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, RESTART)
    here.script.plans = [Refusal(Reason.WORLD_CHANGED, "front is not at revision hash2 any more"), plan()]
    blocked = await here.until("Blocked", seconds=0)
    assert said(blocked, "Executed") == ("False", "WorldChanged")
    await here.until("Acting", seconds=1)
    before, after = here.script.situations
    assert before.observation.time < after.observation.time
    assert before.masks == after.masks, "nothing is ruled out by it"


async def test_a_world_that_never_holds_still_does_not_hold_the_incident(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, RESTART, Resize(resource="memory", ratio=2))
    here.script.plans = [Refusal(Reason.WORLD_CHANGED, "front was replaced")] * 2 + [plan()]
    await here.until("Acting", seconds=1)
    masks = {mask.category.value: mask.reason for mask in here.script.situations[-1].masks}
    assert (len(here.script.situations), masks["restart"]) == (3, "WorldChanged")


@pytest.mark.parametrize(("made", "ruled_out"), [(30, True), (60, False), (90, False)])
async def test_a_release_that_came_after_the_fault_is_not_gone_back_from(
    monkeypatch: pytest.MonkeyPatch, made: int, ruled_out: bool
) -> None:
    """However long reading the evidence takes: both ages are as of the moment that it shows."""
    here = world(monkeypatch, RESTART)
    here.script.seen = {"workload": workload_fact(revision_age_seconds=made)}
    await here.until("Understood", seconds=0)
    await here.step(40)
    masks = {mask.category.value: mask.reason for mask in here.script.situations[-1].masks}
    assert masks.get("rollback") == ("FaultIsOlder" if ruled_out else None)


async def test_waiting_is_counted_so_that_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, Wait(wait_seconds=30), Wait(wait_seconds=30))
    escalated = await here.until("Escalated", seconds=10)
    assert escalated.status.waits == 2
    assert [tried.action for tried in here.script.situations[-1].tried] == ["none", "none"]


async def test_nothing_happens_before_a_wait_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, Wait(wait_seconds=30), RESTART)
    await here.until("Waiting", seconds=0)
    assert (await here.step(29)).status.stage is Stage.WAITING
    assert (await here.step(2)).status.stage is Stage.UNDERSTOOD


async def test_a_target_that_is_deleted_closes_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.step()
    here.health = Health(healthy=False, gone=True, message="deleted")
    done = await here.step()
    assert said(done, "Succeeded") == ("False", "TargetGone")


async def test_an_undo_that_fails_is_said_and_handed_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    await here.until("Reverting")
    here.script.apply_errors = [Invalid("the old template is refused")]
    escalated = await here.step()
    assert escalated.status.stage is Stage.ESCALATED
    assert said(escalated, "Reverted") == ("False", "RevertFailed")


async def test_two_incidents_do_not_take_the_last_action_together(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, guardrails={"budget": {"actions": 1}})
    await here.until("Acting", seconds=0)
    assert len(here.policy.status.reservations) == 1
    assert here.policy.spec.guardrails.budget.actions == 1
    refused = world(monkeypatch, RESTART, guardrails={"budget": {"actions": 0}})
    blocked = await refused.until("Blocked", seconds=0)
    assert said(blocked, "Executed") == ("False", "BudgetExhausted")
    assert refused.script.applied == []


def test_the_policy_of_these_tests_is_the_default_one() -> None:
    """What is asserted above is what a user gets, but for shorter times."""
    assert policy().spec.escalation.max_attempts == 3
