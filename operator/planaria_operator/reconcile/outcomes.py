"""The ways a case can come to rest: waiting, blocked, handed to a person, over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from planaria_contract import Decision, Wait
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.ladder import RungStatus
from planaria_operator.api.notification import NotifyEvent
from planaria_operator.api.reasons import RESOLVING_NOTHING, Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.notify.ledger import closed, requested
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.ladder import no_later
from planaria_operator.reconcile.proposals import no_longer_needed, withdrawn
from planaria_operator.reconcile.reporting import report
from planaria_operator.record.convert import decision_record
from planaria_operator.telemetry import metrics


def called_off(status: RemediationStatus, now: datetime) -> RemediationStatus:
    """With what was queued and will not be done any more marked as such."""
    attempt = status.attempt
    if attempt is None or not attempt.queued or attempt.outcome is not AttemptOutcome.PENDING:
        return status
    over = {"outcome": AttemptOutcome.SUPERSEDED, "finished_at": now, "message": "called off before its time"}
    return status.with_attempt(attempt.model_copy(update=over))


async def waiting(parts: Parts, case: Case, decision: Decision) -> Remediation:
    """The decision is to look again later."""
    seconds = decision.parameters.wait_seconds if isinstance(decision.parameters, Wait) else 30
    now = parts.clock()
    until = no_later(case.policy, case.status, now + timedelta(seconds=seconds), now)
    status = case.status.model_copy(
        update={
            "stage": Stage.WAITING,
            "decision": decision_record(decision),
            "waits": case.status.waits + 1,
            "next_check_at": until,
        }
    )
    message = f"looking again in {(until - now).total_seconds():.0f} s: {decision.explanation}"
    status, before = withdrawn(status, "it is better to look again later", parts.clock())
    return await commit(parts, case, status, *before, Telling("decide", Reason.WAITING, message))


async def blocked(
    parts: Parts,
    case: Case,
    reason: Reason,
    message: str,
    *,
    retry_after: int,
    status: RemediationStatus | None = None,
) -> Remediation:
    """Nothing is done, for a reason that stands in the condition, the timeline, an Event and a metric."""
    now = parts.clock()
    update = (status or case.status).model_copy(update={"stage": Stage.BLOCKED})
    update = update.with_condition("Executed", Status.FALSE, reason, message, now=now)
    again = no_later(case.policy, update, now + timedelta(seconds=retry_after), now)
    update = update.model_copy(update={"next_check_at": again})
    if case.status.held_because == reason.value:
        return await commit(parts, case, update)  # said already: a refusal that stays is not news
    warning = reason is not Reason.RECOMMENDED
    return await commit(parts, case, update, Telling("guard", reason, message, warning=warning))


async def climbed(parts: Parts, case: Case, higher: RungStatus, why: str) -> Case:
    """The case on its next rung, which is written down before anything is asked of it."""
    message = f"{why}; goes on to the rung {higher.name}"
    status = case.status.model_copy(update={"rung": higher})
    remediation = await commit(parts, case, status, Telling("decide", Reason.RUNG_LEFT, message))
    return replace(case, remediation=remediation)


async def escalated(
    parts: Parts,
    case: Case,
    message: str,
    decision: Decision | None = None,
    *,
    status: RemediationStatus | None = None,
    before: Sequence[Telling] = (),
) -> Remediation:
    """A person takes over. The record stays open until the target is healthy or gone. `before`: what led to it."""
    now = parts.clock()
    changes: dict[str, object] = {"stage": Stage.ESCALATED, "next_check_at": None}
    if decision:
        changes["decision"] = decision_record(decision)
    status, also = withdrawn(status or case.status, "a person takes over", now)
    status = status.model_copy(update=changes)
    status = status.with_condition("Succeeded", Status.UNKNOWN, Reason.ESCALATED, message, now=now)
    status = requested(status, case.policy, NotifyEvent.ESCALATED, now)
    metrics.ACTIONS.labels(action="escalate", outcome="Applied").inc()
    told = Telling("decide", Reason.ESCALATED, message, warning=True)
    remediation = await commit(parts, case, status, *before, *also, told)
    report(parts, remediation, recovered=False, escalated=True)
    return remediation


async def finished(
    parts: Parts,
    case: Case,
    succeeded: Status,
    reason: Reason,
    message: str,
    *,
    status: RemediationStatus | None = None,
) -> Remediation:
    """The record is closed; it is kept for as long as the policy's history says."""
    now = parts.clock()
    changes = {"stage": Stage.FINISHED, "finished_at": now, "next_check_at": None}
    update = no_longer_needed(status or case.status, message, now).model_copy(update=changes)
    update = update.with_condition("Succeeded", succeeded, reason, message, now=now)
    update = closed(called_off(update, now), now)
    if case.status.stage is Stage.ESCALATED and reason not in RESOLVING_NOTHING:
        update = requested(update, case.policy, NotifyEvent.RESOLVED, now)
    warning = succeeded is Status.FALSE
    remediation = await commit(parts, case, update, Telling("record", reason, message, warning=warning))
    parts.journal.passed(Station.FINISH, case.key, reason=reason.value)
    parts.journal.closed(case.key)
    parts.observations.pop(case.key, None)
    if (
        case.status.stage is not Stage.ESCALATED
    ):  # told when it was handed over: what follows is a person's work
        report(parts, remediation, recovered=succeeded is Status.TRUE)
    return remediation
