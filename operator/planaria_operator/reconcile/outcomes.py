"""The ways a case can come to rest: waiting, blocked, handed to a person, over."""

from collections.abc import Sequence
from datetime import timedelta

from planaria_contract import Decision, Wait
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.proposals import no_longer_needed, withdrawn
from planaria_operator.reconcile.reporting import report
from planaria_operator.record.convert import decision_record
from planaria_operator.telemetry import metrics


async def waiting(parts: Parts, case: Case, decision: Decision) -> Remediation:
    """The decision is to look again later."""
    seconds = decision.parameters.wait_seconds if isinstance(decision.parameters, Wait) else 30
    status = case.status.model_copy(
        update={
            "stage": Stage.WAITING,
            "decision": decision_record(decision),
            "waits": case.status.waits + 1,
            "next_check_at": parts.clock() + timedelta(seconds=seconds),
        }
    )
    message = f"looking again in {seconds} s: {decision.explanation}"
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
    changes = {"stage": Stage.BLOCKED, "next_check_at": now + timedelta(seconds=retry_after)}
    update = (status or case.status).model_copy(update=changes)
    update = update.with_condition("Executed", Status.FALSE, reason, message, now=now)
    before = case.status.condition("Executed")
    if before and (before.status, before.reason) == (Status.FALSE, reason.value):
        return await commit(parts, case, update)  # said already: a refusal that stays is not news
    warning = reason is not Reason.RECOMMENDED
    return await commit(parts, case, update, Telling("guard", reason, message, warning=warning))


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
