"""Acting -> Verifying: carry out exactly what was written down. Every call here may be made a second time."""

from datetime import timedelta

from planaria_contract import Action
from planaria_operator.act.running import TOLD_CHARACTERS, CommandFailed
from planaria_operator.api.attempt import Attempt, AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.evidence.redact import redactor_of
from planaria_operator.kube.errors import (
    Conflict,
    Forbidden,
    KubeError,
    MayHaveRun,
    NotFound,
    NotStarted,
    Temporary,
    TooManyRequests,
)
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.delay import begin
from planaria_operator.reconcile.journal import Station
from planaria_operator.telemetry import metrics

RETRY_SECONDS = 2

COMMAND_ERRORS = (CommandFailed, NotStarted, MayHaveRun)
"""How a declared command can fail. None is tried again within the attempt."""


def token(case: Case, attempt: Attempt) -> str:
    """Names this attempt of this Remediation on whatever it changes."""
    return f"{case.remediation.name}/{attempt.number}"


async def apply(parts: Parts, case: Case) -> Remediation:
    attempt = case.status.attempt
    assert attempt is not None, "Acting is only entered by writing an attempt"
    due = attempt.reserved_at + timedelta(seconds=attempt.decision.parameters.delay_seconds or 0)
    if parts.clock() < due:
        return await commit(parts, case, case.status.model_copy(update={"next_check_at": due}))
    if attempt.queued:
        begun = await begin(parts, case, attempt)
        if isinstance(begun, Remediation):
            return begun
        case, attempt = begun, begun.status.attempts[-1]
    return await _send(parts, case, attempt)


async def _send(parts: Parts, case: Case, attempt: Attempt) -> Remediation:
    try:
        notes = await parts.actor.apply(attempt.plan.operations, token(case, attempt))
    except (Conflict, NotFound) as error:
        return await _failed(parts, case, attempt, Reason.WORLD_CHANGED, error)
    except Temporary as error:
        return await _later(parts, case, attempt, error)
    except KubeError as error:
        return await _failed(parts, case, attempt, _reason(error), _told(case, error))
    parts.journal.passed(Station.ACT, case.key, action=attempt.plan.action.value)
    if attempt.plan.action is Action.RELOAD:
        notes = [redacted(case, note) for note in notes]
    return await _applied(parts, case, attempt, notes)


def _reason(error: KubeError) -> Reason:
    if isinstance(error, COMMAND_ERRORS):
        return Reason.COMMAND_FAILED
    return Reason.FORBIDDEN if isinstance(error, Forbidden) else Reason.REJECTED


def _told(case: Case, error: KubeError) -> KubeError:
    """The error as it may be told: one of a command may quote what the command printed."""
    return KubeError(redacted(case, str(error))) if isinstance(error, COMMAND_ERRORS) else error


def redacted(case: Case, note: str) -> str:
    """What a command printed is as private as a log, so the policy's own patterns go over it before it is told."""
    lines = redactor_of(case.policy.spec.evidence).lines(note.splitlines())
    return " ".join(" ".join(lines).split())[:TOLD_CHARACTERS]


async def _applied(parts: Parts, case: Case, attempt: Attempt, notes: list[str]) -> Remediation:
    now = parts.clock()
    done = attempt.model_copy(update={"applied_at": now, "message": "; ".join(notes)[:1024]})
    status = case.status.with_attempt(done).model_copy(
        update={"stage": Stage.VERIFYING, "next_check_at": None, "healthy_since": None}
    )
    message = f"{attempt.plan.action.value} {attempt.plan.target}: {attempt.plan.summary}"
    status = status.with_condition("Executed", Status.TRUE, Reason.ACTION_APPLIED, message, now=now)
    status = status.with_condition(
        "Verified", Status.UNKNOWN, Reason.VERIFYING, "applied; watching whether it helps", now=now
    )
    metrics.ACTIONS.labels(action=attempt.plan.action.value, outcome="Applied").inc()
    remediation = await commit(parts, case, status, Telling("act", Reason.ACTION_APPLIED, message))
    parts.journal.passed(Station.APPLIED, case.key)
    return remediation


async def _later(parts: Parts, case: Case, attempt: Attempt, error: Temporary) -> Remediation:
    """Try again soon, but not for ever: an action that comes too late answers a question nobody asks any more."""
    limit = (attempt.begun_at or attempt.reserved_at) + timedelta(
        seconds=case.policy.spec.verification.timeout_seconds
    )
    budget = isinstance(error, TooManyRequests)
    reason = Reason.DISRUPTION_BUDGET if budget else Reason.API_UNAVAILABLE
    now = parts.clock()
    if now >= limit:
        return await _failed(parts, case, attempt, Reason.NOT_APPLIED_IN_TIME, error)
    retry = error.retry_after if isinstance(error, TooManyRequests) else RETRY_SECONDS
    status = case.status.model_copy(update={"next_check_at": now + timedelta(seconds=retry)})
    status = status.with_condition("Executed", Status.FALSE, reason, str(error), now=now)
    return await commit(parts, case, status, Telling("act", reason, str(error), warning=True))


async def _failed(
    parts: Parts, case: Case, attempt: Attempt, reason: Reason, error: KubeError
) -> Remediation:
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
