"""Verifying -> Finished, or Reverting -> the next rung, or a person."""

from dataclasses import replace
from datetime import datetime, timedelta

from planaria_operator.act.sending import NOTHING_TO_UNDO
from planaria_operator.api.attempt import Attempt, AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.kube.errors import Conflict, KubeError, Permanent, Temporary
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.ladder import attempts_left, in_vain
from planaria_operator.reconcile.left_behind import left_behind
from planaria_operator.reconcile.outcomes import escalated, finished
from planaria_operator.reconcile.sent import RETRY_SECONDS, token
from planaria_operator.telemetry import metrics


async def recovered(parts: Parts, case: Case, since: datetime) -> Remediation:
    """The target has been healthy since `since`, for as long as the policy asks."""
    workload = case.workload(parts.store)
    if workload is not None and workload.desired == 0:  # whether anything helped will not be known
        return await target_gone(parts, case, "was scaled to 0")
    attempt = case.status.attempt
    seconds = max(0, round((since - case.remediation.spec.visible_at).total_seconds()))
    status = case.status.model_copy(update={"recovered_at": since, "recovery_seconds": seconds})
    parts.journal.passed(Station.VERIFY, case.key, recovered=True)
    if attempt is not None and case.status.stage is Stage.VERIFYING:
        return await _verified(parts, case, status, attempt, seconds)
    succeeded, reason, how = _by_itself(case.status)
    message = f"healthy again {seconds} s after the fault was visible, {how}"
    return await finished(parts, case, succeeded, reason, message, status=status)


def _by_itself(status: RemediationStatus) -> tuple[Status, Reason, str]:
    """How to close a record of which no action was seen to help. Whether one that was given up helped late is not known."""
    # Of what was superseded, or is only queued, nothing was done.
    tried = [
        _told(each)
        for each in status.attempts
        if each.outcome is not AttemptOutcome.SUPERSEDED and not each.queued
    ]
    after = f"after Planaria had given up {', '.join(tried)}" if tried else ""
    if status.stage is Stage.ESCALATED:
        return Status.FALSE, Reason.RECOVERED_AFTER_ESCALATION, after or "not by Planaria's doing"
    if tried:
        return Status.TRUE, Reason.RECOVERED_LATE, after
    return Status.TRUE, Reason.RECOVERED_WITHOUT_ACTION, "before anything was done about it"


def _told(attempt: Attempt) -> str:
    undone = ", undone" if attempt.reverted_at else ""
    return f"{attempt.plan.action.value} of {attempt.plan.target} ({attempt.outcome.value}{undone})"


async def _verified(
    parts: Parts, case: Case, status: RemediationStatus, attempt: Attempt, seconds: int
) -> Remediation:
    note = await _clean_up(parts, case, attempt)
    now, action = parts.clock(), attempt.plan.action.value
    won = attempt.model_copy(update={"outcome": AttemptOutcome.RECOVERED, "finished_at": now})
    message = f"healthy {seconds} s after the fault was visible, by {action} of {attempt.plan.target}{note}"
    status = status.with_attempt(won).with_condition(
        "Verified", Status.TRUE, Reason.RECOVERED, message, now=now
    )
    metrics.ACTIONS.labels(action=action, outcome=AttemptOutcome.RECOVERED.value).inc()
    metrics.RECOVERY_SECONDS.labels(action=action).observe(seconds)
    return await finished(parts, case, Status.TRUE, Reason.RECOVERED, message, status=status)


async def _clean_up(parts: Parts, case: Case, attempt: Attempt) -> str:
    """Take off what was only there for the attempt. What stays behind is said, it does not unmake the recovery.

    Raises a Temporary KubeError where it is to be tried again, which ends.
    """
    if not attempt.plan.cleanup:
        return ""
    try:
        await parts.actor.apply(attempt.plan.cleanup, token(case, attempt))
    except KubeError as error:
        if isinstance(error, Temporary) and parts.clock() < _cleaned_up_by(case, attempt):
            raise
        return f"; clean-up failed: {error}"
    return ""


def _cleaned_up_by(case: Case, attempt: Attempt) -> datetime:
    """A record that never closes holds a place of those that may act, which is worse than what stays behind."""
    limits = case.policy.spec.verification
    since = case.status.healthy_since or attempt.applied_at or attempt.reserved_at
    return since + timedelta(seconds=limits.stable_for_seconds + 2 * limits.timeout_seconds)


async def target_gone(parts: Parts, case: Case, how: str = "was deleted") -> Remediation:
    """Closed with its target. Whether an action that is being watched would have helped will not be known."""
    message, status = f"{case.remediation.spec.target} {how}", case.status
    attempt = status.attempt
    if attempt is not None and status.stage is Stage.VERIFYING:
        message += await _clean_up(parts, case, attempt)
        status = _unjudged(status, attempt, message, parts.clock())
    return await finished(parts, case, Status.FALSE, Reason.TARGET_GONE, message, status=status)


def _unjudged(status: RemediationStatus, attempt: Attempt, message: str, now: datetime) -> RemediationStatus:
    outcome = AttemptOutcome.TARGET_GONE
    over = {"outcome": outcome, "finished_at": now, "message": message[:1024]}
    metrics.ACTIONS.labels(action=attempt.plan.action.value, outcome=outcome.value).inc()
    status = status.with_attempt(attempt.model_copy(update=over))
    return status.with_condition("Verified", Status.FALSE, Reason.TARGET_GONE, message, now=now)


async def ineffective(parts: Parts, case: Case, until: datetime, why: str) -> Remediation:
    """It was watched `until` then, and did not help: it is undone."""
    attempt = case.status.attempt
    assert attempt is not None, "Verifying is only entered with an attempt"
    now = parts.clock()
    parts.journal.passed(Station.VERIFY, case.key, recovered=False)
    watched = until - (attempt.applied_at or now)
    message = f"{attempt.plan.action.value} did not help within {watched.total_seconds():.0f} s: {why}"
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
    plan, left = attempt.plan, left_behind(parts.store, attempt)
    try:
        notes = await parts.actor.apply((*plan.cleanup, *plan.inverse), f"{token(case, attempt)}/revert")
    except Temporary as error:
        return await _revert_later(parts, case, attempt, error)
    except Permanent as error:
        return await _revert_failed(parts, case, error)
    return await _next_rung(parts, case, attempt, notes[len(plan.cleanup) :], left)


async def _next_rung(parts: Parts, case: Case, attempt: Attempt, notes: list[str], left: str) -> Remediation:
    """`notes`: what became of the undo, but for what was only there for the attempt."""
    status, tellings = case.status.model_copy(update={"stage": Stage.DETECTED, "next_check_at": None}), []
    if attempt.plan.inverse:
        status, message = _undone(status, attempt, notes, left, parts.clock())
        tellings = [Telling("verify", Reason.ACTION_REVERTED, message, warning=bool(left))]
    remediation = await commit(parts, case, status, *tellings)
    if attempts_left(case.policy, status) > 0:
        return remediation
    after = replace(case, remediation=remediation)
    return await escalated(parts, after, f"{in_vain(status)}{left}")


def _undone(
    status: RemediationStatus, attempt: Attempt, notes: list[str], left: str, now: datetime
) -> tuple[RemediationStatus, str]:
    """Only what was changed back is called undone; of the rest it is said why there was nothing to do."""
    nothing = [note for note in notes if note.endswith(NOTHING_TO_UNDO)]
    undone = not nothing or nothing != notes
    about = [f"undone: {attempt.plan.action.value} {attempt.plan.target}"] if undone else []
    message = "; ".join((*about, *nothing)) + left
    if undone:
        status = status.with_attempt(attempt.model_copy(update={"reverted_at": now}))
    return status.with_condition("Reverted", Status.TRUE, Reason.ACTION_REVERTED, message, now=now), message


async def _revert_later(parts: Parts, case: Case, attempt: Attempt, error: Temporary) -> Remediation:
    now = parts.clock()
    limit = (attempt.finished_at or now) + timedelta(seconds=case.policy.spec.verification.timeout_seconds)
    if now >= limit:
        return await _revert_failed(parts, case, error)
    retry = now + timedelta(seconds=RETRY_SECONDS)
    status = case.status.model_copy(update={"next_check_at": retry})
    reason = Reason.WORLD_CHANGED if isinstance(error, Conflict) else Reason.API_UNAVAILABLE
    said = ("Reverted", Status.FALSE, reason, f"not undone yet: {error}")
    return await commit(parts, case, status.with_condition(*said, now=now))


async def _revert_failed(parts: Parts, case: Case, error: KubeError) -> Remediation:
    message = f"could not undo the last action: {error}"
    status = case.status.with_condition(
        "Reverted", Status.FALSE, Reason.REVERT_FAILED, message, now=parts.clock()
    )
    remediation = await commit(
        parts, case, status, Telling("verify", Reason.REVERT_FAILED, message, warning=True)
    )
    return await escalated(parts, replace(case, remediation=remediation), message)
