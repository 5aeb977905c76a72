"""What the store knows, as facts of the contract. Pure."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from planaria_contract import NodeFact, ObjectRef, PodFact, WorkloadFact
from planaria_operator.evidence.revisions import Revisions
from planaria_operator.objects.autoscaler import BOUNDS
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.keeper import Keeper
from planaria_operator.objects.meta import CLOCK_SKEW, Meta
from planaria_operator.objects.pod import Container, Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
TEMPLATE_LABELS: Final = ("pod-template-hash", "controller-revision-hash")
OWN_PODS: Final = ("ReplicaSet", "StatefulSet")
"""Owners that make a lost pod anew, on whatever node there is."""


def reference(meta: Meta) -> ObjectRef:
    return ObjectRef(kind=meta.kind, name=meta.name, namespace=meta.namespace or None, uid=meta.uid)


def pod_fact(pod: Pod, *, affected: bool) -> PodFact:
    worst = min(pod.containers, key=_wellness, default=None)
    ended = (worst.terminated or worst.last_termination) if worst else None
    return PodFact(
        name=pod.meta.name,
        uid=pod.meta.uid,
        node=pod.node,
        ready=pod.ready,
        affected=affected,
        restarts=pod.restarts,
        waiting_reason=_waiting(pod),
        last_termination=ended.reason if ended else None,
        last_exit_code=ended.exit_code if ended else None,
        revision=revision_of(pod),
        memory_limit_bytes=_sum(container.memory_limit for container in pod.containers),
        cpu_limit_millicores=_sum(container.cpu_limit for container in pod.containers),
        movable=movable(pod),
    )


def movable(pod: Pod) -> bool:
    """True where another node would take the pod over, and nothing that it needs stays behind."""
    owner = pod.meta.owner
    return owner is not None and owner.kind in OWN_PODS and not pod.local_storage


def revision_of(pod: Pod) -> str | None:
    return next((pod.meta.labels[label] for label in TEMPLATE_LABELS if label in pod.meta.labels), None)


def workload_fact(
    store: ClusterStore, workload: Workload, revisions: Revisions, now: datetime
) -> WorkloadFact:
    scaler = store.autoscaler_of(workload)
    made = revisions.made
    return WorkloadFact(
        ref=reference(workload.meta),
        desired=workload.desired,
        ready=workload.ready,
        revision=revisions.current,
        previous_revision=revisions.previous,
        rollout_in_progress=workload.rollout_in_progress or workload.rollout_stuck,
        revision_age_seconds=_age(revisions.made, now),
        previous_left_seconds=_age(revisions.left, now),
        healed_revision=made is not None and _made_by_healing(store, workload, made),
        autoscaled_by=str(scaler) if scaler else None,
        autoscaler_stuck=scaler is not None and scaler.stuck,
        controlled_by=str(workload.meta.owner) if workload.meta.owner else None,
        template_kept_by=_kept(workload.keeper, "template"),
        replicas_kept_by=_kept(scaler.keeper, *BOUNDS) if scaler else _kept(workload.keeper, "replicas"),
        last_known_replicas=had_replicas(store, workload),
    )


def _age(moment: datetime | None, now: datetime) -> int | None:
    return max(int((now - moment).total_seconds()), 0) if moment else None


def _made_by_healing(store: ClusterStore, workload: Workload, made: datetime) -> bool:
    """True where an attempt on this workload was under way when the revision appeared."""
    attempts = (a for record in store.remediations.values() for a in record.status.attempts if a.applied_at)
    return any(
        attempt.plan.target.uid == workload.meta.uid
        and attempt.reserved_at - CLOCK_SKEW <= made <= (attempt.applied_at or made) + CLOCK_SKEW
        for attempt in attempts
    )


def _kept(keeper: Keeper | None, *fields: str) -> str | None:
    return str(keeper) if keeper and keeper.keeps(*fields) else None


def had_replicas(store: ClusterStore, workload: Workload) -> int | None:
    """Before it was scaled to zero, as far as that is known."""
    return store.last_known_replicas(workload) or applied_replicas(workload)


def applied_replicas(workload: Workload) -> int | None:
    """The count that `kubectl apply` was last given: what a person wanted before something scaled it away."""
    try:
        replicas = json.loads(workload.meta.annotations.get(LAST_APPLIED, ""))["spec"]["replicas"]
    except (ValueError, KeyError, TypeError):
        return None
    return replicas if isinstance(replicas, int) and replicas > 0 else None


def node_fact(node: Node) -> NodeFact:
    return NodeFact(
        name=node.meta.name,
        ready=node.ready,
        schedulable=node.schedulable,
        not_ready_since=None if node.ready else node.ready_since,
        pressure=node.pressure,
    )


def node_facts(store: ClusterStore, involved: Collection[str], limit: int = 50) -> tuple[NodeFact, ...]:
    """The nodes that carry the pods, then others, up to `limit`."""
    ordered = sorted(store.nodes(), key=lambda node: (node.meta.name not in involved, node.meta.name))
    return tuple(node_fact(node) for node in ordered[:limit])


def _waiting(pod: Pod) -> str | None:
    containers = (*pod.init_containers, *pod.containers)
    ordinary = {"ContainerCreating", "PodInitializing"}
    reasons = [container.waiting_reason for container in containers if container.waiting_reason]
    return next((reason for reason in reasons if reason not in ordinary), reasons[0] if reasons else None)


def _wellness(container: Container) -> tuple[bool, bool]:
    """Sorts the container first that waits, or that has ended with an error."""
    ended = container.terminated or container.last_termination
    return (container.waiting_reason is None, ended is None or ended.exit_code == 0)


def _sum(limits: Iterable[int | None]) -> int | None:
    known = [limit for limit in limits if limit is not None]
    return sum(known) if known else None
