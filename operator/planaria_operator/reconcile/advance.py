"""One step of one Remediation: which stage it is in decides what may happen next."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.guard.breaker import Breaker
from planaria_operator.reconcile.ahead import not_ahead
from planaria_operator.reconcile.apply import apply
from planaria_operator.reconcile.approval import expire, expired, hear
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.let_go import let_go
from planaria_operator.reconcile.outcomes import finished
from planaria_operator.reconcile.patience import watched_until
from planaria_operator.reconcile.propose import propose
from planaria_operator.reconcile.quiet import quiet, wait_for_a_fault, waits_for_a_fault
from planaria_operator.reconcile.settle import ineffective, recovered, revert, target_gone
from planaria_operator.reconcile.understand import understand
from planaria_operator.verify.health import Health, health

Step = Callable[[Parts, Case], Awaitable[Remediation]]

STEPS: dict[Stage, Step] = {
    Stage.DETECTED: understand,
    Stage.UNDERSTOOD: propose,
    Stage.BLOCKED: understand,
    Stage.WAITING: understand,
    Stage.AWAITING: understand,
    Stage.ACTING: apply,
    Stage.REVERTING: revert,
}
"""What comes next. Verifying and Escalated only wait for the target's health."""

COMMITTED = frozenset({Stage.ACTING, Stage.REVERTING})
"""Stages in which the record says that something is being sent: they run to their end, healthy or not."""


async def advance(parts: Parts, case: Case) -> Remediation:
    """Move the case at most one stage. Raises KubeError where the record could not be written."""
    case = await _by_this_clock(parts, case)
    if _committed(case.status):
        return case.remediation if _early(case) else await _carry_on(parts, case)
    found = _health(parts, case)
    if (ended := await _without_target(parts, case, found)) is not None:
        return ended
    case = await _mark_health(parts, case, found)
    since = case.status.healthy_since
    if since is not None:
        # A target that is getting well cancels what is queued: nothing new is begun while it holds.
        settled = since + timedelta(seconds=case.policy.spec.verification.stable_for_seconds)
        return await recovered(parts, case, since) if parts.clock() >= settled else case.remediation
    if (heard := await hear(parts, case)) is not None:
        return heard
    if case.status.stage is Stage.VERIFYING:
        return await _unhealthy_still(parts, case, found)
    return await _go_on(parts, case, found)


async def _by_this_clock(parts: Parts, case: Case) -> Case:
    status = not_ahead(case.status, parts.clock())
    if status is case.status:
        return case
    return replace(case, remediation=await parts.records.write(case.remediation, status))


async def _carry_on(parts: Parts, case: Case) -> Remediation:
    """With what was begun, whether the target is well or not."""
    if _moving(case):  # those that are moved first may be well long before the last round
        case = await _mark_health(parts, case, _health(parts, case))
    return await STEPS[case.status.stage](parts, case)


async def _without_target(parts: Parts, case: Case, found: Health) -> Remediation | None:
    """Closed, where the target is gone or let go, well or not. What is being watched is judged, and undone, before it is let go."""
    if found.gone:
        return await target_gone(parts, case)
    return None if case.status.stage is Stage.VERIFYING else await let_go(parts, case)


async def _go_on(parts: Parts, case: Case, found: Health) -> Remediation:
    """With a target that is not well, and nothing under way."""
    if _left_over(case):
        message = "queued while the breaker was open; what is still broken is looked at anew"
        return await finished(parts, case, Status.FALSE, Reason.BACKLOG_DROPPED, message)
    if expired(case):
        return await expire(parts, case)
    return await _next_step(parts, case, found)


async def _next_step(parts: Parts, case: Case, found: Health) -> Remediation:
    waits = waits_for_a_fault(case.status)
    if case.status.stage not in STEPS or (_early(case) and not waits):
        return case.remediation
    if workload := quiet(parts, case):
        return await wait_for_a_fault(parts, case, workload, found.message)
    return await STEPS[case.status.stage](parts, case)


def _left_over(case: Case) -> bool:
    """True for what the breaker held and a person has closed it since."""
    breaker = case.policy.status.breaker
    held = any(each.guard == Breaker.name and not each.allowed for each in case.status.guards)
    return case.status.stage is Stage.BLOCKED and held and not breaker.opened_at and bool(breaker.closed_at)


def _committed(status: RemediationStatus) -> bool:
    """An action whose delay is not over is only queued: a target that gets well cancels it."""
    queued = status.stage is Stage.ACTING and status.attempt is not None and status.attempt.queued
    return status.stage in COMMITTED and not queued


def _moving(case: Case) -> bool:
    """A drain has moved something and is not through."""
    attempt = case.status.attempt
    drain = attempt.drain if attempt and case.status.stage is Stage.ACTING else None
    return drain is not None and drain.moved > 0


def _early(case: Case) -> bool:
    return case.status.next_check_at is not None and case.now < case.status.next_check_at


def _health(parts: Parts, case: Case) -> Health:
    spec, acted_on = case.remediation.spec, _judged(case.status)
    extra = acted_on if acted_on != spec.target else None
    return health(parts.store, case.policy, case.incidents, spec, case.now, extra=extra, ranking=case.ranking)


def _judged(status: RemediationStatus) -> ObjectReference | None:
    """What is acted on, while it is open whether that helps: what was given up must not hold a target that is well."""
    attempt = status.attempt
    if attempt is None or attempt.outcome is not AttemptOutcome.PENDING:
        return None
    return attempt.plan.target if attempt.applied_at or attempt.drain else None


async def _mark_health(parts: Parts, case: Case, found: Health) -> Case:
    """Keep `healthySince` in the record, so that a restart does not begin the settle time again."""
    since: datetime | None = case.status.healthy_since
    if found.healthy == (since is not None):
        return case
    changed = case.status.model_copy(update={"healthy_since": parts.clock() if found.healthy else None})
    return replace(case, remediation=await parts.records.write(case.remediation, changed))


async def _unhealthy_still(parts: Parts, case: Case, found: Health) -> Remediation:
    attempt = case.status.attempt
    assert attempt is not None, "Verifying is only entered with an attempt"
    until = watched_until(parts, case, attempt)
    if parts.clock() < until:
        return case.remediation
    return await ineffective(parts, case, until, found.message)
