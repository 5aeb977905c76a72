"""For how long it is watched whether an action helps."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.attempt import Attempt
from planaria_operator.detect.incident import Incidents
from planaria_operator.detect.left_alone import left_alone
from planaria_operator.objects.meta import CLOCK_SKEW
from planaria_operator.objects.workload import Workload
from planaria_operator.reconcile.case import Case, Parts

ROUNDS: Final = 3
"""In which a Deployment replaces its pods by default. Each waits until the pods of the one before have been ready for
`minReadySeconds`."""


def watched_until(parts: Parts, case: Case, attempt: Attempt) -> datetime:
    """`verification.timeoutSeconds` after it was applied, and up to as long again where somebody else rolls out a new revision
    in that time, or an autoscaler's new pods are all that is not ready; while no fault shows, three times `minReadySeconds` more.

    Nothing is well before a rollout is through, and what helped must not be undone for that. Once: releases that never
    stop coming do not hold the record open.
    """
    applied = attempt.applied_at
    assert applied is not None, "only what is applied is watched"
    timeout = timedelta(seconds=case.policy.spec.verification.timeout_seconds)
    since, last = applied + CLOCK_SKEW, applied + timeout
    workload = case.workload(parts.store)
    begun = max([applied, *_rollouts(parts, workload, since)])
    if workload and _only_grows(parts, workload, since):
        begun = last  # its new pods may wait for a new node, so all of the time is theirs
    return min(begun, last) + timeout + _trial(parts, case, attempt)


def _rollouts(parts: Parts, workload: Workload | None, since: datetime) -> Iterator[datetime]:
    """When somebody made new revisions of the target. Only a Deployment's are watched, and one that is gone back to is not
    new. Our own comes at once.
    """
    for each in parts.store.replica_sets_of(workload) if workload else ():
        if each.meta.created and each.meta.created > since:
            yield each.meta.created


def _only_grows(parts: Parts, workload: Workload, since: datetime) -> bool:
    """An autoscaler has changed the count, and only what came with it is not ready: a pod that was there before is no growth."""
    scaler = parts.store.autoscaler_of(workload)
    if scaler is None or scaler.scaled_at is None or scaler.scaled_at <= since:
        return False
    late = [
        pod.meta.created
        for pod in parts.store.pods_of(workload)
        if pod.active and not pod.ready and not left_alone(pod, workload, parts.store.node(pod.node or ""))
    ]
    return bool(late) and all(created is not None and created > since for created in late)


def _trial(parts: Parts, case: Case, attempt: Attempt) -> timedelta:
    """Pods that are ready count only after `minReadySeconds`. Nothing more where a fault shows: waiting mends none."""
    acted_on = attempt.plan.target
    other = parts.store.workload(acted_on.kind, acted_on.namespace or "", acted_on.name)
    watched = [each for each in (case.workload(parts.store), other) if each]
    ill = Incidents.of(case.incidents).by_key
    if any(each.meta.key in ill for each in watched):
        return timedelta(0)
    return ROUNDS * timedelta(seconds=max((each.min_ready_seconds for each in watched), default=0))
