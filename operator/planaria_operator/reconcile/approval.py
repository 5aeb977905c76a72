"""Understood -> Awaiting, and what an answer, or none, makes of it. Nothing is sent to the target here."""

from dataclasses import replace
from datetime import timedelta

from planaria_operator.api.actions import Mode
from planaria_operator.api.attempt import AnswerRecord
from planaria_operator.api.conditions import Status
from planaria_operator.api.notification import NotifyEvent
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.guard.approval import RETRY_SECONDS
from planaria_operator.notify.ledger import requested
from planaria_operator.reconcile.answers import answered, missed, unheard
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.outcomes import escalated
from planaria_operator.reconcile.proposals import Proposed, lapsed, proposed_anew, withdrawn
from planaria_operator.telemetry import metrics


async def ask(parts: Parts, case: Case, proposed: Proposed, status: RemediationStatus) -> Remediation:
    """Every other guard allows it: write down exactly what would be done, and wait. `status`: with their verdicts."""
    now = parts.clock()
    lasts = timedelta(seconds=case.policy.spec.approval.expires_after_seconds)
    status, tellings = proposed_anew(status, proposed, lasts=lasts, now=now)
    asked = status.open_proposal
    assert asked is not None, "something is proposed now"
    look = min(now + timedelta(seconds=RETRY_SECONDS), asked.expires_at)
    status = status.model_copy(update={"stage": Stage.AWAITING, "next_check_at": look})
    message = f"plan {asked.digest} waits for approval"
    status = status.with_condition("Executed", Status.FALSE, Reason.AWAITING_APPROVAL, message, now=now)
    if tellings:  # a proposal that stands as it stood is no news
        status = requested(status, case.policy, NotifyEvent.AWAITING_APPROVAL, now)
    return await commit(parts, case, status, *tellings)


async def hear(parts: Parts, case: Case) -> Remediation | None:
    """Take note of the answers that have come; None where none has."""
    spec = case.remediation
    status, tellings = case.status, list[Telling]()
    for approval in unheard(status, parts.store.approvals_of(spec.namespace, spec.name)):
        status, said = answered(status, approval, parts.clock())
        tellings += said
    if status is case.status:
        return None
    for answer in status.answers[len(case.status.answers) :]:
        _count(answer)
    if _was(status, Reason.APPROVAL_REJECTED) and not _was(case.status, Reason.APPROVAL_REJECTED):
        return await _over_to_a_person(parts, case, status, tellings)
    return await commit(parts, case, status, *tellings)


def expired(case: Case) -> bool:
    """Whether what is proposed has waited for too long. Where the mode has changed since, the next look sees to it."""
    asked = case.status.open_proposal
    return asked is not None and case.now >= asked.expires_at and _asks(case, asked.plan)


async def expire(parts: Parts, case: Case) -> Remediation:
    own = case.remediation
    late = missed(case.status, parts.store.approvals_of(own.namespace, own.name))
    status, tellings = lapsed(case.status, late, parts.clock())
    return await _over_to_a_person(parts, case, status, tellings)


async def overtaken(parts: Parts, case: Case, plan: Plan) -> Case:
    """The case without what was proposed, or even approved, where `plan` is something else, or needs no approval any more."""
    asked = case.status.open_proposal
    if asked is None or (asked.digest == plan.digest and _asks(case, plan)):
        return case
    status, tellings = withdrawn(case.status, _why_overtaken(case, asked.plan, plan), parts.clock())
    return replace(case, remediation=await commit(parts, case, status, *tellings))


def _why_overtaken(case: Case, asked: Plan, plan: Plan) -> str:
    """A mode is only named where it is why: of what was asked for, a person need not be asked any more."""
    if _asks(case, asked):
        return f"{plan.action.value} (plan {plan.digest}) is the better answer now"
    return f"the mode of {asked.action.value} is {case.policy.spec.mode_of(asked.action).value} now"


async def _over_to_a_person(
    parts: Parts, case: Case, status: RemediationStatus, tellings: list[Telling]
) -> Remediation:
    """In one write: a record that says rejected, and waits for approval, would be asked about again."""
    approved = status.condition("Approved")
    message = approved.message if approved else ""
    return await escalated(parts, case, message, status=status, before=tellings)


def _asks(case: Case, plan: Plan) -> bool:
    return case.policy.spec.mode_of(plan.action) is Mode.APPROVE


def _was(status: RemediationStatus, reason: Reason) -> bool:
    approved = status.condition("Approved")
    return approved is not None and approved.reason == reason.value


def _count(answer: AnswerRecord) -> None:
    metrics.APPROVALS.labels(verdict=answer.verdict.value, outcome=answer.outcome.value).inc()
