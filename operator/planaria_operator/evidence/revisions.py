"""Which template is current, how old it is, and which one could be returned to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.meta import parse_time
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import ReplicaSet, Workload


@dataclass(frozen=True, slots=True)
class Revisions:
    """By the hash that the pods of a revision carry in their label."""

    current: str | None = None
    previous: str | None = None
    made: datetime | None = None
    """The current one."""
    left: datetime | None = None
    """When the previous one ceased to be current: the one after it was made."""


def from_replica_sets(sets: Sequence[ReplicaSet]) -> Revisions:
    """Newest first. The previous one is the newest older revision that still serves, else the newest older one.

    Two bad revisions in a row would otherwise be rolled back into each other. A current one that was made before another
    is one that somebody went back to: of what he left it for, and of what was before that, nobody here knows better.
    """
    if not sets:
        return Revisions()
    current, older = sets[0], sets[1:]
    serving = [each for each in older if each.ready > 0]
    previous = next(iter([*serving, *older]), None)
    if previous is None or any(_made_after(each, current) for each in older):
        return Revisions(current.template_hash, None, current.meta.created)
    left = sets[sets.index(previous) - 1].meta.created
    return Revisions(current.template_hash, previous.template_hash, current.meta.created, left)


def _made_after(one: ReplicaSet, other: ReplicaSet) -> bool:
    return bool(one.meta.created and other.meta.created and one.meta.created > other.meta.created)


async def read_revisions(kube: Kube, store: ClusterStore, workload: Workload) -> Revisions:
    """From the store for a Deployment; StatefulSets and DaemonSets keep ControllerRevisions, which are read."""
    if workload.meta.kind == "Deployment":
        return from_replica_sets(store.replica_sets_of(workload))
    selector = ",".join(f"{key}={value}" for key, value in sorted(workload.match_labels.items()))
    bodies = await kube.list("ControllerRevision", workload.meta.namespace, labels=selector)
    return from_controller_revisions(bodies, workload)


def from_controller_revisions(bodies: Sequence[JsonBody], workload: Workload) -> Revisions:
    owned = [body for body in bodies if _owned_by(body, workload.meta.uid)]
    ordered = sorted(owned, key=lambda body: int(body.get("revision") or 0), reverse=True)
    if not ordered:
        return Revisions(workload.update_revision)
    current, *older = ordered
    made = parse_time(current["metadata"].get("creationTimestamp"))
    return Revisions(_hash(current, workload), _hash(older[0], workload) if older else None, made, made)


def _hash(body: JsonBody, workload: Workload) -> str:
    """Pods of a StatefulSet are labelled with the revision's name, those of a DaemonSet with its hash alone."""
    name = str(body["metadata"]["name"])
    return name if workload.meta.kind == "StatefulSet" else name.removeprefix(f"{workload.meta.name}-")


def _owned_by(body: JsonBody, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in body["metadata"].get("ownerReferences") or ())
