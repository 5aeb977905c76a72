"""Mode Approve: the one end that each answer has, and having none."""

from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Wait
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import ANSWERS_LIMIT, Remediation, Stage
from planaria_operator.notify.ledger import due
from tests import builders
from tests.reconcile.asking import RESIZE, Asking, outcomes
from tests.reconcile.harness import RESTART, WELL, condition, plan, said


async def test_two_approvals_are_one_action_and_the_second_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch)
    waiting = await here.until("Awaiting", seconds=0)
    here.answer(waiting, by="berta", name="b")
    here.answer(waiting, by="anna", name="a")
    verifying = await here.until("Verifying", seconds=1)
    heard = [(each.approver, each.outcome.value) for each in verifying.status.answers]
    assert heard == [("anna", "Counted"), ("berta", "Late")], "of one second the first by name"
    here.answer(waiting, by="carla", digest=verifying.status.attempts[0].digest)
    noted = await here.step(1)
    assert outcomes(noted) == ["Counted", "Late", "Late"]
    assert noted.status.stage is Stage.VERIFYING
    assert len(here.script.applied) == 1


@pytest.mark.parametrize(("first", "stage"), [("Approve", "Verifying"), ("Reject", "Escalated")])
async def test_of_an_approval_and_a_rejection_the_first_counts(
    monkeypatch: pytest.MonkeyPatch, first: str, stage: str
) -> None:
    here = Asking(monkeypatch)
    waiting = await here.until("Awaiting", seconds=0)
    here.answer(waiting, verdict=first, reason="first")
    here.now += timedelta(seconds=1)
    here.answer(waiting, verdict={"Approve": "Reject", "Reject": "Approve"}[first], reason="second")
    end = await here.until(stage, seconds=1)
    assert outcomes(end) == ["Counted", "Late"]
    assert len(here.script.applied) == (1 if first == "Approve" else 0)


async def test_a_rejection_hands_it_to_a_person_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch)
    here.answer(await here.until("Awaiting", seconds=0), verdict="Reject", reason="the image is mended now")
    escalated = await here.step(1)
    assert escalated.status.stage is Stage.ESCALATED, "in one write: no step lies between"
    assert said(escalated, "Approved") == ("False", "ApprovalRejected")
    assert message(escalated).startswith("anna rejected")
    assert "the image is mended now" in message(escalated)
    here.answer(escalated, by="berta")
    assert outcomes(await here.step(1)) == ["Counted", "Late"]
    here.health = WELL
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("False", "RecoveredAfterEscalation")
    assert here.script.applied == []


async def test_what_a_person_has_rejected_is_not_said_to_wait_for_approval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    here.answer(await here.until("Awaiting", seconds=0), verdict="Reject", reason="not before noon")
    escalated = await here.step(1)
    assert said(escalated, "Executed") == ("False", "ApprovalRejected")
    assert message(escalated, "Executed") == message(escalated)


async def test_a_rejection_stands_in_the_place_of_the_guard_that_held_it_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    waiting = await here.until("Awaiting", seconds=0)
    here.change(mode="Approve", guardrails={"budget": {"actions": 0}})
    await here.until("Blocked", seconds=20)
    here.answer(waiting, verdict="Reject", reason="not before noon")
    assert said(await here.step(1), "Executed") == ("False", "ApprovalRejected")


async def test_what_is_asked_no_more_is_not_said_to_wait_for_approval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unanswered = Asking(monkeypatch, approval=SHORT)
    await unanswered.until("Awaiting", seconds=0)
    assert said(await unanswered.until("Escalated"), "Executed") == ("False", "ApprovalExpired")
    waits = Asking(monkeypatch, RESTART, Wait(wait_seconds=30))
    await waits.until("Awaiting", seconds=0)
    assert said(await waits.until("Waiting", seconds=61), "Executed") == ("False", "ProposalWithdrawn")
    well = Asking(monkeypatch)
    await well.until("Awaiting", seconds=0)
    well.health = WELL
    assert said(await well.until("Finished"), "Executed") == ("False", "NoLongerNeeded")


async def test_what_is_approved_is_not_said_to_be_held_back_for_want_of_an_approval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval=SHORT)
    here.answer(await here.until("Awaiting", seconds=0))
    assert said(await here.step(1), "Executed") == ("Unknown", "Approved")
    here.now += timedelta(seconds=60)
    here.restart()  # it was away, so that no guard was asked
    escalated = await here.until("Escalated", seconds=0)
    assert message(escalated) == "approved by anna, but not done by 12:01:00Z"


@pytest.mark.parametrize(("day", "told"), [(600, "12:10:00Z"), (86400, "2026-11-24T12:00:00Z")])
async def test_a_deadline_of_another_day_has_its_date(
    monkeypatch: pytest.MonkeyPatch, day: int, told: str
) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": day})
    waiting = await here.until("Awaiting", seconds=0)
    assert message(waiting).endswith(f"waits for approval until {told}")


async def test_what_is_told_on_another_day_has_the_date_of_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval=SHORT)
    waiting = await here.until("Awaiting", seconds=0)
    here.now += timedelta(days=1)
    here.answer(waiting)
    assert message(await here.until("Escalated", seconds=1)).endswith(
        "nobody answered by 2026-11-23T12:01:00Z"
    )
    (void,) = [note for reason, note in here.script.events if reason is Reason.APPROVAL_VOID]
    assert void.endswith("it came after 2026-11-23T12:01:00Z")


async def test_what_nobody_answers_is_handed_to_a_person_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": 60})
    waiting = await here.until("Awaiting", seconds=0)
    here.restart()
    assert (await here.step(59)).status.stage is not Stage.ESCALATED
    escalated = await here.until("Escalated", seconds=1)
    assert said(escalated, "Approved") == ("False", "ApprovalExpired")
    here.answer(waiting)
    assert outcomes(await here.step(1)) == ["Void"]
    for _ in range(9):
        await here.step(60)
    assert here.script.applied == []


SHORT = {"expires_after_seconds": 60}


def message(remediation: Remediation, kind: str = "Approved") -> str:
    return condition(remediation, kind).message


async def test_a_rejection_in_time_counts_though_it_is_read_late(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, approval=SHORT)
    escalated = await here.answered_while_away("Reject")
    assert escalated.status.stage is Stage.ESCALATED
    assert (said(escalated, "Approved"), outcomes(escalated)) == (("False", "ApprovalRejected"), ["Counted"])
    assert message(escalated).startswith("anna rejected")
    assert "the image is mended now" in message(escalated, "Succeeded")


async def test_an_approval_in_time_that_is_read_late_does_nothing_and_both_times_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval=SHORT)
    assert outcomes(await here.answered_while_away("Approve")) == ["Void"]
    (void,) = [note for reason, note in here.script.events if reason is Reason.APPROVAL_VOID]
    assert void.endswith("changes nothing: given at 12:00:30Z, but read only at 12:02:31Z, after 12:01:00Z")
    escalated = await here.until("Escalated", seconds=1)
    assert said(escalated, "Approved") == ("False", "ApprovalExpired")
    assert message(escalated).endswith("anna approved at 12:00:30Z, which was read only after 12:01:00Z")
    assert here.script.applied == []


async def test_an_answer_that_came_too_late_is_told_so_and_nobody_had_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval=SHORT)
    waiting = await here.until("Awaiting", seconds=0)
    here.now += timedelta(seconds=60)
    here.answer(waiting, verdict="Reject")
    assert outcomes(await here.step(1)) == ["Void"]
    (void,) = [note for reason, note in here.script.events if reason is Reason.APPROVAL_VOID]
    assert void.endswith("changes nothing: it came after 12:01:00Z")
    assert message(await here.until("Escalated", seconds=1)).endswith("nobody answered by 12:01:00Z")


async def test_an_approval_that_could_not_be_used_in_time_expires_and_names_the_guard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": 60})
    here.answer(await here.until("Awaiting", seconds=0))
    here.change(mode="Approve", approval=SHORT, guardrails={"budget": {"actions": 0}})
    await here.until("Blocked", seconds=1)
    escalated = await here.until("Escalated", seconds=5)
    approved = condition(escalated, "Approved")
    assert (approved.reason, "BudgetExhausted" in approved.message) == ("ApprovalExpired", True)
    assert here.script.applied == []


@pytest.mark.parametrize("approved", [True, False])
async def test_a_target_that_gets_well_needs_no_approval_any_more(
    monkeypatch: pytest.MonkeyPatch, approved: bool
) -> None:
    here = Asking(monkeypatch)
    waiting = await here.until("Awaiting", seconds=0)
    here.health = WELL
    if approved:
        await here.step(1)
        here.answer(waiting)
    done = await here.until("Finished", seconds=1)
    assert said(done, "Approved") == ("False", "NoLongerNeeded")
    assert said(done, "Succeeded") == ("True", "RecoveredWithoutAction")
    here.answer(waiting)
    assert here.script.applied == []


async def test_a_policy_that_enforces_by_now_does_not_wait_any_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    await here.until("Awaiting", seconds=0)
    here.change(mode="Enforce")
    verifying = await here.until("Verifying", seconds=20)
    assert said(verifying, "Approved") == ("False", "ProposalWithdrawn")
    assert message(verifying).endswith("the mode of restart is Enforce now")
    assert verifying.status.attempts[0].outcome is AttemptOutcome.PENDING


@pytest.mark.parametrize(
    ("verdict", "stage", "told"), [("Approve", "Verifying", []), ("Reject", "Escalated", ["Escalated"])]
)
async def test_a_receiver_that_was_away_is_not_asked_what_is_answered_already(
    monkeypatch: pytest.MonkeyPatch, verdict: str, stage: str, told: list[str]
) -> None:
    notify = [{"receiver": "pager", "events": ["Escalated", "AwaitingApproval"]}]
    here = Asking(monkeypatch, escalation={"notify": notify})
    waiting = await here.until("Awaiting", seconds=0)
    assert [each.event for each in due(waiting.status, here.now)] == ["AwaitingApproval"]
    here.answer(waiting, verdict=verdict)
    end = await here.until(stage, seconds=1)
    assert [each.event for each in due(end.status, here.now)] == told


@pytest.mark.parametrize("approved", [True, False])
async def test_another_action_that_needs_no_approval_is_named_and_no_mode_is_blamed(
    monkeypatch: pytest.MonkeyPatch, approved: bool
) -> None:
    actions = [{"type": "restart"}, {"type": "resize", "mode": "Approve"}]
    here = Asking(monkeypatch, RESIZE, RESTART, mode="Enforce", actions=actions)
    waiting = await here.until("Awaiting", seconds=0)
    if approved:
        here.answer(waiting)
    acting = await here.until("Acting", seconds=20)
    assert said(acting, "Approved") == ("False", "ApprovalVoid" if approved else "ProposalWithdrawn")
    digest = acting.status.attempts[0].digest
    assert message(acting).endswith(f": restart (plan {digest}) is the better answer now")


async def test_a_policy_that_only_observes_by_now_makes_an_approval_void(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    here.answer(await here.until("Awaiting", seconds=0))
    here.change(mode="Observe")
    blocked = await here.until("Blocked", seconds=1)
    assert said(blocked, "Executed") == ("False", "ObserveMode")
    assert said(blocked, "Approved") == ("False", "ApprovalVoid")
    assert here.script.applied == []


async def test_answers_without_end_do_not_fill_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": 600})
    waiting = await here.until("Awaiting", seconds=0)
    for number in range(ANSWERS_LIMIT + 5):
        here.answer(waiting, digest=f"{number:032x}")
    for _ in range(3):
        heard = await here.step(1)
    assert len(heard.status.answers) == ANSWERS_LIMIT
    await here.until("Escalated", seconds=30)


async def test_a_plan_that_says_when_it_was_made_can_be_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart of a workload writes the time; planned anew for an answer it must be the same plan."""
    here = Asking(monkeypatch)
    times: list[Any] = []

    async def stamped(_: Any, observation: Any, *__: Any) -> Any:
        times.append(observation.time)
        return plan(f"restart at {observation.time}")

    async def observe(*_: Any) -> Any:
        return builders.observation(time=here.now)

    monkeypatch.setattr(here.script, "plan", stamped)
    monkeypatch.setattr(here.script, "observe", observe)
    waiting = await here.until("Awaiting", seconds=0)
    await here.step(61)
    here.answer(waiting)
    await here.until("Verifying", seconds=1)
    assert len(set(times)) == 1
    assert len(here.script.applied) == 1
