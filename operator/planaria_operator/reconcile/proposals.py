"""What is proposed to a person, and how that ends without an answer. Pure functions of the record."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from planaria_contract import Decision
from planaria_operator.api.attempt import ProposalRecord
from planaria_operator.api.conditions import Status
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import RemediationStatus
from planaria_operator.notify.ledger import no_question
from planaria_operator.objects.approval import Approval
from planaria_operator.reconcile.case import Telling
from planaria_operator.record.convert import decision_record
from planaria_operator.record.moments import clock

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
    message = f"{named(plan)} (plan {plan.digest}) waits for approval until {clock(proposal.expires_at, now)}"
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
    return closed(status, reason, message, now, warning=asked.approved_at is not None)


def lapsed(status: RemediationStatus, missed: Approval | None, now: datetime) -> Answered:
    """The status once the time of what is proposed is over. `missed`: the approval that was read too late."""
    asked = status.open_proposal
    assert asked is not None, "only what is proposed can expire"
    end = clock(asked.expires_at, now)
    how = f"nobody answered by {end}"
    if missed and missed.meta.created:
        given = f"{missed.spec.approver} approved at {clock(missed.meta.created, now)}"
        how = f"{given}, which was read only after {end}"
    message = f"{named(asked.plan)} (plan {asked.digest}): {how}"
    if asked.approved_at:
        held = f", held back by {status.held_because}" if status.held_because else ""
        message = f"approved by {asked.approved_by}, but not done by {end}{held}"
    return closed(status, Reason.APPROVAL_EXPIRED, message, now, warning=True)


def no_longer_needed(status: RemediationStatus, why: str, now: datetime) -> RemediationStatus:
    """The status of a record that closes while something is proposed."""
    if status.open_proposal is None:
        return status
    status = _waits_no_more(status, Reason.NO_LONGER_NEEDED, why, now)
    return status.with_condition("Approved", Status.FALSE, Reason.NO_LONGER_NEEDED, why, now=now)


def closed(
    status: RemediationStatus, reason: Reason, message: str, now: datetime, *, warning: bool
) -> Answered:
    status = _waits_no_more(status, reason, message, now)
    status = status.with_condition("Approved", Status.FALSE, reason, message, now=now)
    return no_question(status, now), [Telling(STATION, reason, message, warning=warning)]


def _waits_no_more(
    status: RemediationStatus, reason: Reason, message: str, now: datetime
) -> RemediationStatus:
    """Without a word of an approval that is waited for. What another guard has said of it since stays so."""
    if status.held_because != Reason.AWAITING_APPROVAL.value:
        return status
    return status.with_condition("Executed", Status.FALSE, reason, message, now=now)


def _deadline(status: RemediationStatus, now: datetime, lasts: timedelta) -> datetime:
    """A proposal that changes while nobody answers does not begin to wait anew: it would never end."""
    before = status.proposal
    if before is not None and before.approved_at is None and before.expires_at > now:
        return before.expires_at
    return now + lasts


def named(plan: Plan) -> str:
    return f"{plan.action.value} {plan.target}: {plan.summary}"
