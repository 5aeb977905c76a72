"""A workload that is not well and shows no fault now, mostly because its pods are starting. Nothing is done about it on what it
showed before: that was another pod, or another release. It goes on when a fault shows again. What an attempt was watched for in
vain has had its time, and is no start to wait for.
"""

from datetime import timedelta
from typing import Final

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.objects.workload import Workload
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.outcomes import called_off, escalated
from planaria_operator.reconcile.understand import opened
from planaria_operator.record.moments import clock
from planaria_operator.telemetry import metrics

LONGEST: Final = 7200
"""Seconds, as many as an action may be watched for. A progress deadline can be set so that it never comes."""


def quiet(parts: Parts, case: Case) -> Workload | None:
    """The target where it shows no fault now. A node shows its own, and what is moved off it has none."""
    workload = None if case.incident else case.workload(parts.store)
    return None if workload is None or _had_its_time(parts, case.status, workload) else workload


def _had_its_time(parts: Parts, status: RemediationStatus, workload: Workload) -> bool:
    """All that is not ready was there already when the last attempt was found not to help."""
    judged = [each.finished_at for each in status.attempts if each.outcome is AttemptOutcome.INEFFECTIVE]
    late = [pod.meta.created for pod in parts.store.pods_of(workload) if pod.active and not pod.ready]
    if not judged or not late or judged[-1] is None:
        return False
    return all(created is not None and created <= judged[-1] for created in late)


def waits_for_a_fault(status: RemediationStatus) -> bool:
    return status.stage is Stage.BLOCKED and status.held_because == Reason.NOTHING_SHOWS.value


async def wait_for_a_fault(parts: Parts, case: Case, workload: Workload, unwell: str) -> Remediation:
    """Written once, with when it ends: what starts shows its fault by its progress deadline, and what shows nothing by then is
    for a person. `unwell`: what the target lacks.
    """
    now, until = parts.clock(), case.status.next_check_at
    if not waits_for_a_fault(case.status) or until is None:
        return await _begin(parts, case, patience(workload), unwell)
    if now < until:
        return case.remediation
    message = f"{unwell}, and no fault has shown for {patience(workload)} s: its events may say why"
    return await escalated(parts, case, message)


def patience(workload: Workload) -> int:
    """Seconds. Twice the deadline, so that what begins to start within it has all of it too."""
    return min(2 * workload.progress_deadline, LONGEST)


async def _begin(parts: Parts, case: Case, seconds: int, unwell: str) -> Remediation:
    now = parts.clock()
    until = now + timedelta(seconds=seconds)
    status = called_off(case.status, now)
    status = status.model_copy(update={"stage": Stage.BLOCKED, "next_check_at": until})
    end = clock(until, now)
    message = f"{unwell}, and no fault shows now: it goes on when one does; else a person is asked at {end}"
    status = status.with_condition("Executed", Status.FALSE, Reason.NOTHING_SHOWS, message, now=now)
    told = Telling("guard", Reason.NOTHING_SHOWS, message)
    waiting = await commit(parts, case, status, *opened(case), told)
    metrics.REFUSALS.labels(guard=metrics.NO_GUARD, reason=Reason.NOTHING_SHOWS.value).inc()
    return waiting
