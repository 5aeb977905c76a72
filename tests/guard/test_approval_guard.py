"""The last guard: under mode Approve exactly this plan has been approved, or nothing is done."""

from typing import Any

import pytest

from planaria_operator.api.actions import Mode
from planaria_operator.api.attempt import ProposalRecord
from planaria_operator.api.conditions import Status
from planaria_operator.api.decision import DecisionRecord
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.guard.approval import Approved
from planaria_operator.guard.chain import check_all
from planaria_operator.guard.verdict import Proposal
from tests.builders import NOW, ago, policy, store
from tests.guard.proposals import FRONT, plan, proposal, reference, remediation

PLAN = plan(reference(FRONT))
ASKING = policy(mode=Mode.APPROVE)


def asked(approved: Status = Status.TRUE, reason: Reason = Reason.APPROVED, **changes: Any) -> Remediation:
    decision = DecisionRecord(action=PLAN.action, target=PLAN.target, decided_by="rules", model="test 1")
    record = ProposalRecord(
        decision=decision,
        plan=PLAN,
        digest=PLAN.digest,
        planned_at=ago(60),
        proposed_at=ago(60),
        expires_at=ago(-600),
        approved_at=ago(5),
        approved_by="anna",
    ).model_copy(update=changes)
    found = remediation()
    status = found.status.model_copy(update={"proposal": record})
    status = status.with_condition("Approved", approved, reason, "test", now=NOW)
    return found.model_copy(update={"status": status})


def of(found: Remediation, **fields: Any) -> Proposal:
    made = proposal(under=ASKING, **fields)
    object.__setattr__(made, "remediation", found)
    object.__setattr__(made, "plan", PLAN)
    return made


@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.OBSERVE, Mode.RECOMMEND])
def test_under_another_mode_nobody_is_asked(mode: Mode):
    assert Approved().check(proposal(under=policy(mode=mode))).allowed


def test_what_was_approved_passes_every_guard():
    assert [each for each in check_all(of(asked())) if not each.allowed] == []


@pytest.mark.parametrize(
    "found",
    [
        remediation(),
        asked(Status.UNKNOWN, Reason.AWAITING_APPROVAL, approved_at=None, approved_by=None),
        asked(Status.FALSE, Reason.APPROVAL_VOID),
        asked(digest="0" * 32),
        asked(expires_at=NOW),
    ],
    ids=["never asked", "asked", "void", "another plan", "expired"],
)
def test_anything_else_waits_and_no_other_guard_refuses(found: Remediation):
    refused = [each for each in check_all(of(found)) if not each.allowed]
    assert [(each.guard, each.reason) for each in refused] == [("approval", Reason.AWAITING_APPROVAL)]
    assert "a person has to approve" in refused[0].message


def test_where_answers_cannot_be_seen_even_an_approved_plan_waits_and_says_why():
    world = store(FRONT)
    world.unwatched["Approval"] = "Approval is not installed in this cluster"
    refused = [each for each in check_all(of(asked(), world=world)) if not each.allowed]
    assert [(each.guard, each.reason) for each in refused] == [("approval", Reason.GUARD_UNAVAILABLE)]
    assert "not installed" in refused[0].message
