"""Mode Approve: what waits, for what, and when an approval counts."""

from datetime import timedelta

import pytest

from planaria_contract import Wait
from planaria_operator.act.naming import attempt_name
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from tests.reconcile.asking import RESIZE, Asking, outcomes
from tests.reconcile.harness import RESTART, WELL, plan, said

# --- asking


async def test_what_would_be_done_waits_and_stands_in_the_record_byte_for_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": 600})
    waiting = await here.until("Awaiting", seconds=0)
    asked = waiting.status.proposal
    assert asked is not None
    assert asked.plan == plan("restart")
    assert asked.digest == asked.plan.digest
    assert asked.expires_at - asked.proposed_at == timedelta(seconds=600)
    assert said(waiting, "Approved") == ("Unknown", "AwaitingApproval")
    assert said(waiting, "Executed") == ("False", "AwaitingApproval")
    assert [each.guard for each in waiting.status.guards if not each.allowed] == ["approval"]
    assert (here.script.applied, here.script.dry_runs) == ([], 0), "not even a dry run"
    assert here.policy.status.reservations == ()


async def test_while_nobody_answers_it_is_said_once_and_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    first = await here.until("Awaiting", seconds=0)
    for _ in range(60):
        waiting = await here.step(20)
    assert waiting.status.proposal == first.status.proposal
    assert [reason for reason, _ in here.script.events].count(Reason.AWAITING_APPROVAL) == 1
    assert (here.script.applied, here.script.dry_runs) == ([], 0)
    assert len(here.script.situations) > 10, "it is looked at anew meanwhile"


async def test_nobody_is_asked_for_what_another_guard_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, guardrails={"budget": {"actions": 0}})
    blocked = await here.until("Blocked", seconds=0)
    assert said(blocked, "Executed") == ("False", "BudgetExhausted")
    assert blocked.status.proposal is None


# --- approved


async def test_what_is_approved_is_proved_by_a_dry_run_and_applied_exactly_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    waiting = await here.until("Awaiting", seconds=0)
    here.answer(waiting, reason="OPS-17")
    approved = await here.step(1)
    assert said(approved, "Approved") == ("True", "Approved")
    verifying = await here.until("Verifying", seconds=1)
    assert [name for name, _ in here.script.applied] == [attempt_name(verifying, 1)]
    assert here.script.dry_runs == 1
    assert verifying.status.attempts[0].digest == waiting.status.proposal.digest  # type: ignore[union-attr]
    assert verifying.status.proposal is None
    (heard,) = verifying.status.answers
    assert (heard.approver, heard.reason, heard.outcome.value) == ("anna", "OPS-17", "Counted")
    assert len(here.policy.status.reservations) == 1
    here.health = WELL
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("True", "Recovered")
    assert said(done, "Approved") == ("True", "Approved")


@pytest.mark.parametrize("deaths", range(8))
async def test_an_operator_that_dies_between_any_two_steps_does_it_once(
    monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    here = Asking(monkeypatch)
    waiting = await here.until("Awaiting", seconds=0)
    before = waiting.status.proposal
    here.restart()
    assert (await here.open()).status.proposal == before, "and its end with it"
    here.answer(waiting)
    for step in range(10):
        if step == deaths:
            here.restart()
        found = await here.step(1)
    assert found.status.stage is Stage.VERIFYING
    assert len(here.script.applied) == len(here.policy.status.reservations) == 1


async def test_what_is_tried_next_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, RESTART, RESTART, *[RESIZE] * 9)
    here.answer(await here.until("Awaiting", seconds=0))
    await here.until("Reverting")
    again = await here.until("Awaiting", seconds=1)
    asked = again.status.proposal
    assert asked is not None
    assert (asked.plan.action.value, asked.approved_at) == ("resize", None)
    assert said(again, "Approved") == ("Unknown", "AwaitingApproval")
    assert asked.expires_at - asked.proposed_at == timedelta(seconds=3600)
    assert [body for _, body in here.script.applied] == ['["restart"]', '["undo restart"]']


async def test_a_guard_that_refuses_afterwards_keeps_the_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch)
    here.answer(await here.until("Awaiting", seconds=0))
    here.change(mode="Approve", guardrails={"budget": {"actions": 0}})
    blocked = await here.until("Blocked", seconds=1)
    assert said(blocked, "Executed") == ("False", "BudgetExhausted")
    assert said(blocked, "Approved") == ("True", "Approved")
    assert here.script.applied == []
    here.change(mode="Approve")
    await here.until("Verifying", seconds=60)
    assert len(here.script.applied) == 1


# --- void


async def test_an_approval_of_what_the_world_has_overtaken_is_void_and_the_new_plan_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    old = await here.until("Awaiting", seconds=0)
    here.script.plans = [plan("restart of another world")] * 99
    here.answer(old)
    again = await here.until("Awaiting", seconds=1)
    assert here.script.applied == []
    assert said(again, "Approved") == ("Unknown", "AwaitingApproval")
    asked = again.status.proposal
    assert asked is not None
    assert (asked.plan.summary, asked.approved_at) == ("restart of another world front", None)
    assert Reason.APPROVAL_VOID in [reason for reason, _ in here.script.events]
    assert "ApprovalVoid" in [each.reason for each in again.status.timeline]
    for _ in range(10):
        again = await here.step(30)
    assert here.script.applied == [], "what was void once never counts"
    here.answer(again)
    await here.until("Verifying", seconds=1)
    assert [body for _, body in here.script.applied] == ['["restart of another world"]']


async def test_an_approval_that_was_void_does_not_count_when_the_world_is_as_it_was_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    old = await here.until("Awaiting", seconds=0)
    here.answer(old)
    await here.step(1)
    here.script.plans = [plan("another"), *[plan("restart")] * 99]
    again = await here.until("Awaiting", seconds=1)
    for _ in range(5):
        again = await here.step(61)
    assert again.status.proposal is not None
    assert again.status.proposal.plan.summary == "restart front", "the very same plan"
    assert here.script.applied == []


async def test_an_approval_for_a_foreign_digest_is_void_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch)
    waiting = await here.until("Awaiting", seconds=0)
    here.answer(waiting, digest="f" * 32)
    heard = await here.step(1)
    assert outcomes(heard) == ["Void"]
    assert (heard.status.stage, said(heard, "Approved")) == (Stage.AWAITING, ("Unknown", "AwaitingApproval"))
    (note,) = [note for reason, note in here.script.events if reason is Reason.APPROVAL_VOID]
    assert "f" * 32 in note
    here.answer(waiting)
    await here.until("Verifying", seconds=1)


async def test_a_proposal_that_changes_while_nobody_answers_keeps_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": 600})
    first = (await here.until("Awaiting", seconds=0)).status.proposal
    here.script.plans = [plan(f"restart {number}") for number in range(99)]
    await here.step(61)
    second = (await here.until("Awaiting", seconds=0)).status.proposal
    assert first is not None
    assert second is not None
    assert first.digest != second.digest
    assert first.expires_at == second.expires_at
    assert Reason.PROPOSAL_WITHDRAWN in [reason for reason, _ in here.script.events]
    escalated = await here.until("Escalated", seconds=30)
    assert said(escalated, "Approved") == ("False", "ApprovalExpired")


async def test_a_decision_to_wait_withdraws_what_was_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, RESTART, Wait(wait_seconds=30), *[RESTART] * 9)
    waiting = await here.until("Awaiting", seconds=0)
    here.answer(waiting)
    later = await here.until("Waiting", seconds=1)
    assert said(later, "Approved") == ("False", "ApprovalVoid")
    await here.until("Awaiting", seconds=10)
    assert here.script.applied == []
