"""Verifying -> Finished, or Reverting -> the next rung, or a person."""

from dataclasses import replace
from datetime import datetime, timedelta

from planaria_operator.api.attempt import Attempt, AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.kube.errors import KubeError, Permanent, Temporary
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.ladder import attempts_left
from planaria_operator.reconcile.outcomes import escalated, finished
from planaria_operator.reconcile.sent import RETRY_SECONDS, token
from planaria_operator.telemetry import metrics


async def recovered(parts: Parts, case: Case, since: datetime) -> Remediation:
    """The target has been healthy since `since`, for as long as the policy asks."""
    attempt = case.status.attempt
    seconds = max(0, round((since - case.remediation.spec.visible_at).total_seconds()))
    status = case.status.model_copy(update={"recovered_at": since, "recovery_seconds": seconds})
    parts.journal.passed(Station.VERIFY, case.key, recovered=True)
    if case.status.stage is Stage.ESCALATED:
        message = f"healthy again {seconds} s after the fault was visible, not by Planaria's doing"
        return await finished(
            parts, case, Status.FALSE, Reason.RECOVERED_AFTER_ESCALATION, message, status=status
        )
    if attempt is None or attempt.applied_at is None or case.status.stage is not Stage.VERIFYING:
        message = f"healthy again {seconds} s after the fault was visible, before anything was done about it"
        return await finished(
            parts, case, Status.TRUE, Reason.RECOVERED_WITHOUT_ACTION, message, status=status
        )
    return await _verified(parts, case, attempt, seconds, since)


async def _verified(parts: Parts, case: Case, attempt: Attempt, seconds: int, since: datetime) -> Remediation:
    note = await _clean_up(parts, case, attempt)
    now, action = parts.clock(), attempt.plan.action.value
    won = attempt.model_copy(update={"outcome": AttemptOutcome.RECOVERED, "finished_at": now})
    message = f"healthy {seconds} s after the fault was visible, by {action} of {attempt.plan.target}{note}"
    status = case.status.with_attempt(won).with_condition(
        "Verified", Status.TRUE, Reason.RECOVERED, message, now=now
    )
    status = status.model_copy(update={"recovered_at": since, "recovery_seconds": seconds})
    metrics.ACTIONS.labels(action=action, outcome=AttemptOutcome.RECOVERED.value).inc()
    metrics.RECOVERY_SECONDS.labels(action=action).observe(seconds)
    return await finished(parts, case, Status.TRUE, Reason.RECOVERED, message, status=status)


async def _clean_up(parts: Parts, case: Case, attempt: Attempt) -> str:
    """Take off what was only there for the attempt. What stays behind is said, it does not unmake the recovery."""
    if not attempt.plan.cleanup:
        return ""
    try:
        await parts.actor.apply(attempt.plan.cleanup, token(case, attempt))
    except Temporary:
        raise
    except KubeError as error:
        return f"; clean-up failed: {error}"
    return ""


async def ineffective(parts: Parts, case: Case, why: str) -> Remediation:
    """The time-out has passed: it did not help, so it is undone."""
    attempt = case.status.attempt
    assert attempt is not None, "Verifying is only entered with an attempt"
    now = parts.clock()
    parts.journal.passed(Station.VERIFY, case.key, recovered=False)
    timeout = case.policy.spec.verification.timeout_seconds
    message = f"{attempt.plan.action.value} did not help within {timeout} s: {why}"
    lost = attempt.model_copy(
        update={"outcome": AttemptOutcome.INEFFECTIVE, "finished_at": now, "message": message[:1024]}
    )
    status = case.status.with_attempt(lost).model_copy(
        update={"stage": Stage.REVERTING, "next_check_at": None}
    )
    status = status.with_condition("Verified", Status.FALSE, Reason.STILL_UNHEALTHY, message, now=now)
    metrics.ACTIONS.labels(action=attempt.plan.action.value, outcome=lost.outcome.value).inc()
    return await commit(parts, case, status, Telling("verify", Reason.STILL_UNHEALTHY, message, warning=True))


async def revert(parts: Parts, case: Case) -> Remediation:
    """Undo what did not help, then look anew; the last rung is a person."""
    attempt = case.status.attempt
    assert attempt is not None, "Reverting is only entered with an attempt"
    undo = (*attempt.plan.cleanup, *attempt.plan.inverse)
    try:
        await parts.actor.apply(undo, f"{token(case, attempt)}/revert")
    except Temporary as error:
        return await _revert_later(parts, case, attempt, error)
    except Permanent as error:
        return await _revert_failed(parts, case, error)
    return await _next_rung(parts, case, attempt)


async def _next_rung(parts: Parts, case: Case, attempt: Attempt) -> Remediation:
    now, tellings = parts.clock(), []
    status = case.status.model_copy(update={"stage": Stage.DETECTED, "next_check_at": None})
    if attempt.plan.inverse:
        message = f"undone: {attempt.plan.action.value} {attempt.plan.target}"
        status = status.with_attempt(attempt.model_copy(update={"reverted_at": now}))
        status = status.with_condition("Reverted", Status.TRUE, Reason.ACTION_REVERTED, message, now=now)
        tellings = [Telling("verify", Reason.ACTION_REVERTED, message)]
    remediation = await commit(parts, case, status, *tellings)
    if attempts_left(case.policy, status) > 0:
        return remediation
    after, made = replace(case, remediation=remediation), len(status.attempts)
    return await escalated(parts, after, f"{made} of {made} allowed actions were tried and none helped")


async def _revert_later(parts: Parts, case: Case, attempt: Attempt, error: Temporary) -> Remediation:
    now = parts.clock()
    limit = (attempt.finished_at or now) + timedelta(seconds=case.policy.spec.verification.timeout_seconds)
    if now >= limit:
        return await _revert_failed(parts, case, error)
    retry = now + timedelta(seconds=RETRY_SECONDS)
    return await commit(parts, case, case.status.model_copy(update={"next_check_at": retry}))


async def _revert_failed(parts: Parts, case: Case, error: KubeError) -> Remediation:
    message = f"could not undo the last action: {error}"
    status = case.status.with_condition(
        "Reverted", Status.FALSE, Reason.REVERT_FAILED, message, now=parts.clock()
    )
    remediation = await commit(
        parts, case, status, Telling("verify", Reason.REVERT_FAILED, message, warning=True)
    )
    return await escalated(parts, replace(case, remediation=remediation), message)
