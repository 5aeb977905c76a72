"""Is what was broken well again? Read from the store alone, so asking costs nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from planaria_contract import Symptom
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.detect.incident import Incident, Incidents
from planaria_operator.detect.selection import Ranking
from planaria_operator.objects.meta import Meta
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload


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


def health(
    store: ClusterStore,
    policy: HealingPolicy,
    incidents: Iterable[Incident],
    target: ObjectReference,
    *,
    extra: ObjectReference | None,
) -> Health:
    """`incidents` are all that are detected under the policy at this moment. `extra` is the object that was acted on,
    where that is another than the target: it must be well too.
    """
    if not _exists(store, target):
        return Health(healthy=False, gone=True, message=f"{target} does not exist any more")
    world = _World(store, policy, Incidents.of(incidents).by_key, Ranking(store))
    complaints = [*_complaints(world, target)]
    if extra is not None and _key(extra) != _key(target):
        complaints += (
            _complaints(world, extra) if _exists(store, extra) else [f"{extra} does not exist any more"]
        )
    if complaints:
        return Health(healthy=False, gone=False, message="; ".join(complaints)[:512])
    return Health(healthy=True, gone=False, message=f"{target} is well")


def _complaints(world: _World, reference: ObjectReference) -> Iterator[str]:
    if reference.kind == "Node":
        yield from _of_node(world, reference.name)
        return
    workload = _workload(world.store, reference)
    if workload:
        yield from _of_workload(world, workload)


def _of_workload(world: _World, workload: Workload) -> Iterator[str]:
    name = f"{workload.meta}"
    if workload.desired == 0 and world.store.last_known_replicas(workload):
        yield f"{name} is scaled to 0 and had {world.store.last_known_replicas(workload)}"
    elif not workload.healthy:
        yield (
            f"{name} has {workload.ready} ready, {workload.updated} updated and {workload.available} available "
            f"of {workload.desired} pods"
        )
    incident = world.incidents.get(workload.meta.key)
    if incident:
        yield f"{name} still shows {_in_words(incident.symptoms)}"


def _of_node(world: _World, node: str) -> Iterator[str]:
    """The node itself may stay lost; what ran on it must run, there or elsewhere."""
    pods = world.store.pods_on(node)
    for workload in _movable_workloads(world, pods):
        yield from _of_workload(world, workload)
    stuck = [pod.meta.name for pod in pods if pod.active and not pod.ready and _heals_elsewhere(world, pod)]
    if stuck:
        yield f"{len(stuck)} pods are not ready on Node/{node}: {', '.join(stuck[:4])}"


def _movable_workloads(world: _World, pods: Iterable[Pod]) -> list[Workload]:
    """Those with a pod on the node, whether it is still wanted there or already on its way out."""
    found = (world.store.workload_of(pod) for pod in pods if _heals_elsewhere(world, pod))
    return sorted({w.meta.key: w for w in found if w}.values(), key=lambda workload: workload.meta.key)


def _heals_elsewhere(world: _World, pod: Pod) -> bool:
    """A DaemonSet's pod belongs to its node and is well when the node is."""
    workload = world.store.workload_of(pod)
    if workload is None or workload.meta.kind == "DaemonSet":
        return False
    return world.ranking.carries(world.policy, workload)


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
