"""What is proposed to a person, and what an answer makes of it. Pure functions of the record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from planaria_contract import Decision
from planaria_operator.api.approval import ApprovalVerdict
from planaria_operator.api.attempt import AnswerOutcome, AnswerRecord, ProposalRecord
from planaria_operator.api.conditions import Status
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import ANSWERS_LIMIT, RemediationStatus, Stage
from planaria_operator.objects.approval import Approval
from planaria_operator.reconcile.case import Telling
from planaria_operator.record.convert import decision_record
from planaria_operator.record.fit import clip

STATION: Final = "approve"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is about to be done, before any guard was asked."""

    decision: Decision
    plan: Plan
    planned_at: datetime
    """The time that the plan itself speaks of."""


Answered = tuple[RemediationStatus, list[Telling]]
"""A status, and what is said of how it came about."""


def unheard(status: RemediationStatus, approvals: Iterable[Approval]) -> list[Approval]:
    """Those that are not in the record yet, in their order, up to the most that it holds."""
    known = {each.uid for each in status.answers}
    fresh = [each for each in approvals if each.meta.uid not in known]
    return fresh[: ANSWERS_LIMIT - len(status.answers)]


def answered(status: RemediationStatus, approval: Approval, now: datetime) -> Answered:
    """The status with the answer in it: what is proposed is approved or rejected by it, or it is late, or void."""
    asked, spec = status.open_proposal, approval.spec
    fits = asked is not None and asked.digest == spec.digest and now < asked.expires_at
    if asked is not None and fits and asked.approved_at is None:
        status = _noted(status, approval, AnswerOutcome.COUNTED, now)
        return (
            _approved(status, asked, approval, now)
            if _approves(approval)
            else _rejected(status, approval, now)
        )
    late = any((each.outcome, each.digest) == (AnswerOutcome.COUNTED, spec.digest) for each in status.answers)
    outcome = AnswerOutcome.LATE if late else AnswerOutcome.VOID
    reason = Reason.ALREADY_ANSWERED if late else Reason.APPROVAL_VOID
    message = f"{spec.verdict.value} of {spec.approver} ({approval.meta.name}) changes nothing: "
    message += _why_late(status, spec.digest) if late else _why_void(asked, spec.digest)
    return _noted(status, approval, outcome, now), [Telling(STATION, reason, message, warning=not late)]


def proposed_anew(
    status: RemediationStatus, proposed: Proposed, *, lasts: timedelta, now: datetime
) -> Answered:
    """The status with the plan proposed in it; what is proposed already stays as it is, with the time that is left of it."""
    asked, plan = status.open_proposal, proposed.plan
    if asked is not None and asked.digest == plan.digest:
        return status, []
    proposal = ProposalRecord(
        decision=decision_record(proposed.decision),
        plan=plan,
        digest=plan.digest,
        planned_at=proposed.planned_at,
        proposed_at=now,
        expires_at=_deadline(status, now, lasts),
    )
    message = f"{_named(plan)} (plan {plan.digest}) waits for approval until {_clock(proposal.expires_at)}"
    status = status.model_copy(update={"proposal": proposal})
    status = status.with_condition("Approved", Status.UNKNOWN, Reason.AWAITING_APPROVAL, message, now=now)
    return status, [Telling(STATION, Reason.AWAITING_APPROVAL, message)]


def withdrawn(status: RemediationStatus, why: str, now: datetime) -> Answered:
    """The status with nothing proposed any more, because something else, or nothing, would be done now."""
    asked = status.open_proposal
    if asked is None:
        return status, []
    reason, message = Reason.PROPOSAL_WITHDRAWN, f"plan {asked.digest} is no longer proposed: {why}"
    if asked.approved_at:
        reason = Reason.APPROVAL_VOID
        message = f"the approval of {asked.approved_by} for plan {asked.digest} is void: {why}"
    return _closed(status, reason, message, now, warning=asked.approved_at is not None)


def lapsed(status: RemediationStatus, now: datetime) -> Answered:
    """The status once the time of what is proposed is over."""
    asked = status.open_proposal
    assert asked is not None, "only what is proposed can expire"
    message = f"{_named(asked.plan)} (plan {asked.digest}): nobody answered by {_clock(asked.expires_at)}"
    if asked.approved_at:
        executed = status.condition("Executed")
        held = f", held back by {executed.reason}" if executed and executed.status is Status.FALSE else ""
        message = f"approved by {asked.approved_by}, but not done by {_clock(asked.expires_at)}{held}"
    return _closed(status, Reason.APPROVAL_EXPIRED, message, now, warning=True)


def no_longer_needed(status: RemediationStatus, why: str, now: datetime) -> RemediationStatus:
    """The status of a record that closes while something is proposed."""
    if status.open_proposal is None:
        return status
    return status.with_condition("Approved", Status.FALSE, Reason.NO_LONGER_NEEDED, why, now=now)


def _approves(approval: Approval) -> bool:
    return approval.spec.verdict is ApprovalVerdict.APPROVE


def _approved(
    status: RemediationStatus, asked: ProposalRecord, approval: Approval, now: datetime
) -> Answered:
    spec = approval.spec
    taken = asked.model_copy(update={"approved_at": now, "approved_by": spec.approver})
    # From the beginning: what is done is decided on what is seen now, and has to come out as what was approved.
    changes = {"proposal": taken, "stage": Stage.DETECTED, "next_check_at": None}
    message = f"{spec.approver} approved {_named(asked.plan)} (plan {asked.digest}){_because(spec.reason)}"
    status = status.model_copy(update=changes)
    status = status.with_condition("Approved", Status.TRUE, Reason.APPROVED, message, now=now)
    return status, [Telling(STATION, Reason.APPROVED, message)]


def _rejected(status: RemediationStatus, approval: Approval, now: datetime) -> Answered:
    spec = approval.spec
    message = f"{spec.approver} rejected plan {spec.digest}{_because(spec.reason)}"
    return _closed(status, Reason.APPROVAL_REJECTED, message, now, warning=True)


def _closed(
    status: RemediationStatus, reason: Reason, message: str, now: datetime, *, warning: bool
) -> Answered:
    status = status.with_condition("Approved", Status.FALSE, reason, message, now=now)
    return status, [Telling(STATION, reason, message, warning=warning)]


def _noted(
    status: RemediationStatus, approval: Approval, outcome: AnswerOutcome, now: datetime
) -> RemediationStatus:
    spec = approval.spec
    record = AnswerRecord(
        name=approval.meta.name,
        uid=approval.meta.uid,
        verdict=spec.verdict,
        digest=spec.digest,
        approver=clip(spec.approver, 512),
        reason=clip(spec.reason, 512),
        outcome=outcome,
        time=now,
    )
    return status.model_copy(update={"answers": (*status.answers, record)})


def _deadline(status: RemediationStatus, now: datetime, lasts: timedelta) -> datetime:
    """A proposal that changes while nobody answers does not begin to wait anew: it would never end."""
    before = status.proposal
    if before is not None and before.approved_at is None and before.expires_at > now:
        return before.expires_at
    return now + lasts


def _why_late(status: RemediationStatus, digest: str) -> str:
    first = next(
        each for each in status.answers if (each.outcome, each.digest) == (AnswerOutcome.COUNTED, digest)
    )
    return f"{first.approver} had answered before ({first.name}: {first.verdict.value})"


def _why_void(asked: ProposalRecord | None, digest: str) -> str:
    if asked is None:
        return f"nothing waits for approval now, plan {digest} neither"
    if asked.digest == digest:
        return f"it came after {_clock(asked.expires_at)}"
    return f"it is for plan {digest}, and plan {asked.digest} is proposed"


def _named(plan: Plan) -> str:
    return f"{plan.action.value} {plan.target}: {plan.summary}"


def _because(reason: str) -> str:
    return f": {clip(reason, 512)}" if reason.strip() else ""


def _clock(time: datetime) -> str:
    return time.strftime("%H:%M:%SZ")
