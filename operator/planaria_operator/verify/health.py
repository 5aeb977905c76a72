"""Is what was broken well again? Read from the store alone, so asking costs nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from planaria_contract import Symptom
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import RemediationSpec
from planaria_operator.detect.detector import BEFORE_LOSS
from planaria_operator.detect.incident import Incident, Incidents
from planaria_operator.detect.left_alone import well
from planaria_operator.detect.selection import Ranking, selects
from planaria_operator.objects.meta import Meta
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.verify.concern import moved, named, shown


@dataclass(frozen=True, slots=True)
class Health:
    healthy: bool
    gone: bool
    """True where the target, by its uid, does not exist any more."""
    message: str


@dataclass(frozen=True, slots=True)
class _World:
    store: ClusterStore
    policy: HealingPolicy
    incidents: Mapping[tuple[str, str, str], Incident]
    """By kind, namespace and name of the target. Also those not yet ripe: a target that shows anything at all is not well."""
    ranking: Ranking
    spec: RemediationSpec
    now: datetime


def health(
    store: ClusterStore,
    policy: HealingPolicy,
    incidents: Iterable[Incident],
    spec: RemediationSpec,
    now: datetime,
    *,
    extra: ObjectReference | None,
    ranking: Ranking | None = None,
) -> Health:
    """`incidents` are all that are detected under the policy at this moment, `now`. What the policy does not select any more is
    no better for that. `spec` is of the record that asks. `extra` is the object that was acted on, where that is another
    than the target: it must be well too, and not at zero again. A node that is gone, or a target that somebody scaled to
    zero, has nothing left to be well. `ranking`: of this pass; default: made anew.
    """
    target = spec.target
    if not _exists(store, target):
        return Health(healthy=False, gone=True, message=f"{target} does not exist any more")
    world = _World(store, policy, Incidents.of(incidents).by_key, ranking or Ranking(store), spec, now)
    complaints = [*_complaints(world, target)]
    if extra is not None and _key(extra) != _key(target):
        if _exists(store, extra):
            complaints += [*_put_out(store, extra), *_complaints(world, extra)]
        elif extra.kind != "Node":
            complaints.append(f"{extra} does not exist any more")
    if complaints:
        return Health(healthy=False, gone=False, message="; ".join(complaints)[:512])
    return Health(healthy=True, gone=False, message=f"{target} is well")


def _complaints(world: _World, reference: ObjectReference) -> Iterator[str]:
    if reference.kind == "Node":
        yield from _of_node(world, reference.name)
        return
    workload = _workload(world.store, reference)
    if workload is None:
        return
    yield from _of_workload(world, workload)
    if not selects(world.store, world.policy, workload):  # so there is no incident of it, whatever it shows
        symptoms = shown(world.store, world.policy, workload, world.now)
        yield from _still(workload, symptoms)


def _of_workload(world: _World, workload: Workload) -> Iterator[str]:
    if not well(world.store, workload):
        yield (
            f"{workload.meta} has {workload.ready} ready, {workload.updated} updated and {workload.available} available "
            f"of {workload.desired} pods"
        )
    incident = world.incidents.get(workload.meta.key)
    yield from _still(workload, incident.symptoms if incident else ())


def _still(workload: Workload, symptoms: tuple[Symptom, ...]) -> Iterator[str]:
    if symptoms:
        yield f"{workload.meta} still shows {_in_words(symptoms)}"


def _put_out(store: ClusterStore, acted_on: ObjectReference) -> Iterator[str]:
    """At zero it wants nothing and lacks nothing, and is of no use to the target that it was acted on for."""
    workload = _workload(store, acted_on)
    if workload is None or workload.desired or _leaves_zero_itself(store, workload):
        return
    if had := store.last_known_replicas(workload):
        yield f"{workload.meta} is scaled to 0 and had {had}"


def _leaves_zero_itself(store: ClusterStore, workload: Workload) -> bool:
    """Its autoscaler takes it to zero when there is no work, and back: KEDA, or one whose minimum is zero."""
    scaler = store.autoscaler_of(workload)
    return scaler is not None and (scaler.made_by_keda or scaler.minimum == 0)


def _of_node(world: _World, name: str) -> Iterator[str]:
    """The node itself may stay lost; what ran on it must run, there or elsewhere, but for what another record is about."""
    node = world.store.node(name)
    back = node is not None and node.ready
    on_node = [*moved(world.store, world.ranking, world.policy, name)] or named(world.store, world.spec)
    elsewhere, workloads = _judged_elsewhere(world, back), {each.meta.key: each for _, each in on_node}
    for key in sorted(workloads):  # also of a pod that is on its way out
        workload = workloads[key]
        if workload.meta.uid not in elsewhere and not _lost_elsewhere(world.store, workload, name):
            yield from _of_workload(world, workload)
    if back:
        return  # whether its pods get ready is up to their workloads again
    stuck = [pod.meta.name for pod, _ in on_node if pod.active and not pod.ready]
    if stuck:
        yield f"{len(stuck)} pods are not ready on Node/{name}: {', '.join(stuck[:4])}"


def _lost_elsewhere(store: ClusterStore, workload: Workload, name: str) -> bool:
    """All that it lacks are pods on other nodes that are lost. Whether those are well again is judged in those nodes' records,
    which are held while this one is open.
    """
    late = [pod for pod in store.pods_of(workload) if pod.active and not pod.ready]
    nodes = {pod.node or "" for pod in late}
    others = [store.node(node) for node in nodes - {name}]
    lost = bool(others) and name not in nodes and all(node and not node.ready for node in others)
    return lost and workload.ready + len(late) >= workload.desired


def _judged_elsewhere(world: _World, back: bool) -> frozenset[str]:
    """Uids of workloads with an older open record, under whatever policy, which is where it is judged whether they are well;
    once the node is `back`, with any: one that stays ill would keep a node that is well from counting as well.

    By the record, because the symptoms of a pod that crashes again and again are never older than its last crash.
    """
    return frozenset(
        record.spec.target.uid or ""
        for record in world.store.remediations.values()
        if not record.status.finished
        and (back or record.spec.visible_at < world.spec.visible_at - BEFORE_LOSS)
    )


def _in_words(symptoms: tuple[Symptom, ...]) -> str:
    kinds = sorted({symptom.kind.value for symptom in symptoms})
    return f"{', '.join(kinds)} on {len({str(symptom.subject) for symptom in symptoms})} objects"


def _exists(store: ClusterStore, reference: ObjectReference) -> bool:
    """A namesake made later, or an object on its way out, is not the one that was meant."""
    found = _meta(store, reference)
    return found is not None and not found.deleting and reference.uid in {None, found.uid}


def _meta(store: ClusterStore, reference: ObjectReference) -> Meta | None:
    if reference.kind == "Node":
        node = store.node(reference.name)
        return node.meta if node else None
    workload = _workload(store, reference)
    return workload.meta if workload else None


def _workload(store: ClusterStore, reference: ObjectReference) -> Workload | None:
    return store.workload(reference.kind, reference.namespace or "", reference.name)


def _key(reference: ObjectReference) -> tuple[str, str | None, str]:
    return reference.kind, reference.namespace, reference.name
