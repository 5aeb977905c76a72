"""What a person's answer makes of what is proposed. Pure functions of the record, and of the Approvals as they are watched."""

from collections.abc import Iterable
from datetime import datetime

from planaria_operator.api.approval import ApprovalVerdict
from planaria_operator.api.attempt import AnswerOutcome, AnswerRecord, ProposalRecord
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import ANSWERS_LIMIT, RemediationStatus, Stage
from planaria_operator.notify.ledger import no_question
from planaria_operator.objects.approval import Approval
from planaria_operator.reconcile.case import Telling
from planaria_operator.reconcile.proposals import STATION, Answered, closed, named
from planaria_operator.record.fit import clip
from planaria_operator.record.moments import clock


def unheard(status: RemediationStatus, approvals: Iterable[Approval]) -> list[Approval]:
    """Those that are not in the record yet, in their order, up to the most that it holds."""
    known = {each.uid for each in status.answers}
    fresh = [each for each in approvals if each.meta.uid not in known]
    return fresh[: ANSWERS_LIMIT - len(status.answers)]


def answered(status: RemediationStatus, approval: Approval, now: datetime) -> Answered:
    """The status with the answer in it: what is proposed is approved or rejected by it, or it is late, or void."""
    asked, spec = status.open_proposal, approval.spec
    if asked is not None and asked.approved_at is None and _counts(asked, approval, now):
        status = _noted(status, approval, AnswerOutcome.COUNTED, now)
        if _approves(approval):
            return _approved(status, asked, approval, now)
        return _rejected(status, approval, now)
    late = any((each.outcome, each.digest) == (AnswerOutcome.COUNTED, spec.digest) for each in status.answers)
    outcome = AnswerOutcome.LATE if late else AnswerOutcome.VOID
    reason = Reason.ALREADY_ANSWERED if late else Reason.APPROVAL_VOID
    message = f"{spec.verdict.value} of {spec.approver} ({approval.meta.name}) changes nothing: "
    message += _why_late(status, spec.digest) if late else _why_void(asked, approval, now)
    return _noted(status, approval, outcome, now), [Telling(STATION, reason, message, warning=not late)]


def missed(status: RemediationStatus, approvals: Iterable[Approval]) -> Approval | None:
    """The one that approved in time what has expired now, and was read too late; None where there is none."""
    asked = status.open_proposal
    if asked is None:
        return None
    late = {
        each.uid for each in status.answers if each.digest == asked.digest and each.time >= asked.expires_at
    }
    return next((each for each in approvals if each.meta.uid in late and _in_time(asked, each)), None)


def _counts(asked: ProposalRecord, approval: Approval, now: datetime) -> bool:
    """A rejection that was given in time does whenever it is read: it wants nothing done. An approval must be read in time too."""
    if asked.digest != approval.spec.digest:
        return False
    return now < asked.expires_at or (not _approves(approval) and _in_time(asked, approval))


def _in_time(asked: ProposalRecord, approval: Approval) -> bool:
    return approval.meta.created is not None and approval.meta.created < asked.expires_at


def _approves(approval: Approval) -> bool:
    return approval.spec.verdict is ApprovalVerdict.APPROVE


def _approved(
    status: RemediationStatus, asked: ProposalRecord, approval: Approval, now: datetime
) -> Answered:
    spec = approval.spec
    taken = asked.model_copy(update={"approved_at": now, "approved_by": spec.approver})
    # From the beginning: what is done is decided on what is seen now, and has to come out as what was approved.
    changes = {"proposal": taken, "stage": Stage.DETECTED, "next_check_at": None}
    message = f"{spec.approver} approved {named(asked.plan)} (plan {asked.digest}){_because(spec.reason)}"
    status = status.model_copy(update=changes)
    status = status.with_condition("Approved", Status.TRUE, Reason.APPROVED, message, now=now)
    # Nothing was begun yet, and it is not an approval any more that is wanting.
    status = status.with_condition("Executed", Status.UNKNOWN, Reason.APPROVED, message, now=now)
    return no_question(status, now), [Telling(STATION, Reason.APPROVED, message)]


def _rejected(status: RemediationStatus, approval: Approval, now: datetime) -> Answered:
    spec = approval.spec
    message = f"{spec.approver} rejected plan {spec.digest}{_because(spec.reason)}"
    # In the place of any guard's word too: what a person has rejected waits for none.
    status = status.with_condition("Executed", Status.FALSE, Reason.APPROVAL_REJECTED, message, now=now)
    return closed(status, Reason.APPROVAL_REJECTED, message, now, warning=True)


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


def _why_late(status: RemediationStatus, digest: str) -> str:
    first = next(
        each for each in status.answers if (each.outcome, each.digest) == (AnswerOutcome.COUNTED, digest)
    )
    return f"{first.approver} had answered before ({first.name}: {first.verdict.value})"


def _why_void(asked: ProposalRecord | None, approval: Approval, now: datetime) -> str:
    digest, given = approval.spec.digest, approval.meta.created
    if asked is None:
        return f"nothing waits for approval now, plan {digest} neither"
    if asked.digest != digest:
        return f"it is for plan {digest}, and plan {asked.digest} is proposed"
    end = clock(asked.expires_at, now)
    if given and _in_time(asked, approval):
        return f"given at {clock(given, now)}, but read only at {clock(now, now)}, after {end}"
    return f"it came after {end}"


def _because(reason: str) -> str:
    return f": {clip(reason, 512)}" if reason.strip() else ""
