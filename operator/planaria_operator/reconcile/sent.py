"""What becomes of an attempt once it was sent: applied, to be tried again soon, or given up."""

from datetime import datetime, timedelta

from planaria_operator.act.naming import attempt_name
from planaria_operator.api.attempt import Attempt, AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.kube.errors import (
    Conflict,
    Forbidden,
    KubeError,
    NotFound,
    Temporary,
    TooManyRequests,
)
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.telemetry import metrics

RETRY_SECONDS = 2


def token(case: Case, attempt: Attempt) -> str:
    """Names this attempt of this Remediation on whatever it changes."""
    return attempt_name(case.remediation, attempt.number)


async def applied(
    parts: Parts, case: Case, attempt: Attempt, notes: list[str], *, also: tuple[Telling, ...] = ()
) -> Remediation:
    """`also`: what is told beside it. What was drained in rounds may have made the target well on the way."""
    now = parts.clock()
    well = case.status.healthy_since if attempt.drain else None
    done = attempt.model_copy(update={"applied_at": now, "message": "; ".join(notes)[:1024]})
    status = case.status.with_attempt(done).model_copy(
        update={"stage": Stage.VERIFYING, "next_check_at": None, "healthy_since": well}
    )
    message = f"{attempt.plan.action.value} {attempt.plan.target}: {attempt.plan.summary}"
    if attempt.drain:
        message = f"{message}; {'; '.join(notes)}"
    status = status.with_condition("Executed", Status.TRUE, Reason.ACTION_APPLIED, message, now=now)
    status = status.with_condition(
        "Verified", Status.UNKNOWN, Reason.VERIFYING, "applied; watching whether it helps", now=now
    )
    metrics.ACTIONS.labels(action=attempt.plan.action.value, outcome="Applied").inc()
    remediation = await commit(parts, case, status, Telling("act", Reason.ACTION_APPLIED, message), *also)
    parts.journal.passed(Station.APPLIED, case.key)
    return remediation


def deadline(case: Case, attempt: Attempt) -> datetime:
    """When it is too late to begin with it: an action that comes too late answers a question nobody asks any more."""
    since = attempt.begun_at or attempt.reserved_at
    return since + timedelta(seconds=case.policy.spec.verification.timeout_seconds)


async def later(parts: Parts, case: Case, attempt: Attempt, error: Temporary) -> Remediation:
    """Try again soon, but not for ever."""
    budget = isinstance(error, TooManyRequests) and error.budget
    reason = Reason.DISRUPTION_BUDGET if budget else Reason.API_UNAVAILABLE
    now = parts.clock()
    if now >= deadline(case, attempt):
        return await failed(parts, case, attempt, Reason.NOT_APPLIED_IN_TIME, error)
    retry = error.retry_after if isinstance(error, TooManyRequests) else RETRY_SECONDS
    status = case.status.model_copy(update={"next_check_at": now + timedelta(seconds=retry)})
    status = status.with_condition("Executed", Status.FALSE, reason, str(error), now=now)
    return await commit(parts, case, status, Telling("act", reason, str(error), warning=True))


async def not_sent(parts: Parts, case: Case, attempt: Attempt, error: KubeError) -> Remediation:
    """Decided anew where the world has changed, tried again where that may help, else given up."""
    if isinstance(error, (Conflict, NotFound)):
        return await failed(parts, case, attempt, Reason.WORLD_CHANGED, error)
    if isinstance(error, Temporary):
        return await later(parts, case, attempt, error)
    reason = Reason.FORBIDDEN if isinstance(error, Forbidden) else Reason.REJECTED
    return await failed(parts, case, attempt, reason, error)


async def failed(parts: Parts, case: Case, attempt: Attempt, reason: Reason, error: KubeError) -> Remediation:
    """Not applied, or only in part: undo what may have been done, then decide anew."""
    now = parts.clock()
    outcome = AttemptOutcome.SUPERSEDED if reason is Reason.WORLD_CHANGED else AttemptOutcome.FAILED
    over = attempt.model_copy(
        update={"outcome": outcome, "finished_at": now, "message": f"{reason.value}: {error}"[:1024]}
    )
    partly = len(attempt.plan.operations) > 1 and bool(attempt.plan.inverse or attempt.plan.cleanup)
    stage = Stage.REVERTING if partly else Stage.DETECTED
    status: RemediationStatus = case.status.with_attempt(over).model_copy(
        update={"stage": stage, "next_check_at": None}
    )
    status = status.with_condition("Executed", Status.FALSE, reason, str(error), now=now)
    metrics.ACTIONS.labels(action=attempt.plan.action.value, outcome=outcome.value).inc()
    return await commit(parts, case, status, Telling("act", reason, str(error), warning=True))
