"""Mode Approve: what waits, for what, and the one end that each answer has."""

from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Resize, Restart, Wait
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import ANSWERS_LIMIT, Remediation, Stage
from planaria_operator.verify.health import Health
from planaria_operator.watch.resources import parse_approval, parse_policy
from tests import builders
from tests.reconcile.harness import Script, World, plan, policy_body

WELL = Health(healthy=True, gone=False, message="3 of 3 ready")
RESTART = Restart(pods=("front-0",))
RESIZE = Resize(resource="memory", ratio=2)


class Asking(World):
    """Under mode Approve, with people who answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *decisions: Any, **spec: Any) -> None:
        verification = {"timeout_seconds": 60, "stable_for_seconds": 10}
        settings = {"mode": "Approve", "verification": verification, **spec}
        self.answers: list[dict[str, Any]] = []
        super().__init__(Script(list(decisions) or [RESTART] * 99), monkeypatch, **settings)

    def restart(self) -> None:
        super().restart()
        for body in self.answers:
            self.store.put(parse_approval(body))

    def answer(self, found: Remediation, by: str = "anna", verdict: str = "Approve", **spec: Any) -> None:
        asked = found.status.proposal
        name = spec.pop("name", f"{found.name}-{len(self.answers)}")
        digest = spec.pop("digest", asked.digest if asked else "0" * 32)
        meta = {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "creationTimestamp": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        said = {"remediation": found.name, "digest": digest, "verdict": verdict, "approver": by, **spec}
        self.answers.append({"kind": "Approval", "metadata": meta, "spec": said})
        self.store.put(parse_approval(self.answers[-1]))

    def change(self, **spec: Any) -> None:
        """A person edits the policy."""
        body = policy_body(builders.policy(**spec))
        self.store.policies.clear()
        self.store.put_policy(parse_policy(self.kube.put(body)))


def said(remediation: Remediation, condition: str = "Approved") -> tuple[str, str]:
    found = remediation.status.condition(condition)
    return (found.status.value, found.reason) if found else ("", "")


def outcomes(remediation: Remediation) -> list[str]:
    return [each.outcome.value for each in remediation.status.answers]


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
    assert said(waiting) == ("Unknown", "AwaitingApproval")
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
    assert said(approved) == ("True", "Approved")
    verifying = await here.until("Verifying", seconds=1)
    assert [token.rpartition("/")[2] for token, _ in here.script.applied] == ["1"]
    assert here.script.dry_runs == 1
    assert verifying.status.attempts[0].digest == waiting.status.proposal.digest  # type: ignore[union-attr]
    assert verifying.status.proposal is None
    (heard,) = verifying.status.answers
    assert (heard.approver, heard.reason, heard.outcome.value) == ("anna", "OPS-17", "Counted")
    assert len(here.policy.status.reservations) == 1
    here.health = WELL
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("True", "Recovered")
    assert said(done) == ("True", "Approved")


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
    assert said(again) == ("Unknown", "AwaitingApproval")
    assert asked.expires_at - asked.proposed_at == timedelta(seconds=3600)
    assert [body for _, body in here.script.applied] == ['["restart"]', '["undo restart"]']


async def test_a_guard_that_refuses_afterwards_keeps_the_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch)
    here.answer(await here.until("Awaiting", seconds=0))
    here.change(mode="Approve", guardrails={"budget": {"actions": 0}})
    blocked = await here.until("Blocked", seconds=1)
    assert said(blocked, "Executed") == ("False", "BudgetExhausted")
    assert said(blocked) == ("True", "Approved")
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
    assert said(again) == ("Unknown", "AwaitingApproval")
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
    assert (heard.status.stage, said(heard)) == (Stage.AWAITING, ("Unknown", "AwaitingApproval"))
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
    assert said(escalated) == ("False", "ApprovalExpired")


async def test_a_decision_to_wait_withdraws_what_was_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, RESTART, Wait(wait_seconds=30), *[RESTART] * 9)
    waiting = await here.until("Awaiting", seconds=0)
    here.answer(waiting)
    later = await here.until("Waiting", seconds=1)
    assert said(later) == ("False", "ApprovalVoid")
    await here.until("Awaiting", seconds=10)
    assert here.script.applied == []


# --- every other end


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
    assert said(escalated) == ("False", "ApprovalRejected")
    condition = escalated.status.condition("Approved")
    assert condition is not None
    assert condition.message.startswith("anna rejected")
    assert "the image is mended now" in condition.message
    here.answer(escalated, by="berta")
    assert outcomes(await here.step(1)) == ["Counted", "Late"]
    here.health = WELL
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("False", "RecoveredAfterEscalation")
    assert here.script.applied == []


async def test_what_nobody_answers_is_handed_to_a_person_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": 60})
    waiting = await here.until("Awaiting", seconds=0)
    here.restart()
    assert (await here.step(59)).status.stage is not Stage.ESCALATED
    escalated = await here.until("Escalated", seconds=1)
    assert said(escalated) == ("False", "ApprovalExpired")
    here.answer(waiting)
    assert outcomes(await here.step(1)) == ["Void"]
    for _ in range(9):
        await here.step(60)
    assert here.script.applied == []


async def test_an_approval_that_could_not_be_used_in_time_expires_and_names_the_guard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, approval={"expires_after_seconds": 60})
    here.answer(await here.until("Awaiting", seconds=0))
    here.change(mode="Approve", approval={"expires_after_seconds": 60}, guardrails={"budget": {"actions": 0}})
    await here.until("Blocked", seconds=1)
    escalated = await here.until("Escalated", seconds=5)
    condition = escalated.status.condition("Approved")
    assert condition is not None
    assert (condition.reason, "BudgetExhausted" in condition.message) == ("ApprovalExpired", True)
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
    assert said(done) == ("False", "NoLongerNeeded")
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
    assert said(verifying) == ("False", "ProposalWithdrawn")
    assert verifying.status.attempts[0].outcome is AttemptOutcome.PENDING


async def test_a_policy_that_only_observes_by_now_makes_an_approval_void(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch)
    here.answer(await here.until("Awaiting", seconds=0))
    here.change(mode="Observe")
    blocked = await here.until("Blocked", seconds=1)
    assert said(blocked, "Executed") == ("False", "ObserveMode")
    assert said(blocked) == ("False", "ApprovalVoid")
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
