"""Pods of a target that the drain of a node moved: its Remediation is about the node, and names pods alone. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from planaria_contract import ObjectRef
from planaria_operator.api.attempt import Attempt
from planaria_operator.api.drain import DrainRecord
from planaria_operator.api.plan import ObjectReference, Verb
from planaria_operator.api.remediation import Remediation
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

LONGEST_PREFIX: Final = 58
"""What the API server keeps of a name before the five characters that it makes up."""


def evicted_of(store: ClusterStore, remediation: Remediation, target: ObjectRef) -> Iterator[ObjectReference]:
    workload = store.workload(target.kind, target.namespace or "", target.name)
    if workload is None:
        return
    for attempt in remediation.status.attempts:
        for pod in _moved(attempt):
            if pod.namespace == target.namespace and _is_of(store, pod, workload):
                yield pod


def _moved(attempt: Attempt) -> Iterator[ObjectReference]:
    """Those whose eviction was accepted."""
    record = attempt.drain
    if record is None:
        return
    moves = [each.object for each in attempt.plan.operations if each.verb is Verb.EVICT]
    stayed = _unmoved(record)
    yield from (pod for pod in moves[: record.tried] if pod.uid not in stayed)


def _unmoved(record: DrainRecord) -> set[str | None]:
    unanswered = record.pods if record.sent_at is None else ()
    return {each.uid for each in (*unanswered, *(held.pod for held in record.held))}


def _is_of(store: ClusterStore, pod: ObjectReference, workload: Workload) -> bool:
    """An evicted pod is gone and cannot be asked; its name begins with that of what made it."""
    known = store.pod(pod.namespace or "", pod.name)
    if known and known.meta.uid == pod.uid:
        return store.workload_of(known) is workload
    if workload.meta.kind == "StatefulSet":
        return bool(re.fullmatch(rf"{re.escape(workload.meta.name)}-\d+", pod.name))
    prefixes = (f"{each.meta.name}-"[:LONGEST_PREFIX] for each in store.replica_sets_of(workload))
    return any(re.fullmatch(rf"{re.escape(prefix)}[a-z0-9]{{5}}", pod.name) for prefix in prefixes)
