"""What may be behind one incident: everything that another incident could share with it. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.symptoms import succeeded
from planaria_operator.evidence.dependencies import behind, named_hosts, selects
from planaria_operator.evidence.scene import scene
from planaria_operator.guard.aftermath import Mended
from planaria_operator.objects.cluster import Service
from planaria_operator.objects.pod import Container, Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

YOUNG_SECONDS: Final = 1800
RELEASES: Final = ("meta.helm.sh/release-name", "app.kubernetes.io/instance", "app.kubernetes.io/part-of")
"""Annotations and labels that name what was rolled out together."""
STARTING: Final = frozenset({"ContainerCreating", "PodInitializing"})
"""Waiting reasons of a container whose turn has not come."""


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    rank: int
    """Lower is surer."""
    kind: str
    name: str
    namespace: str = ""
    """Empty for what is not kept in one: a node, an image."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def key(self) -> tuple[str, str, str]:
        """As of a target: kind, namespace and name."""
        return self.kind, self.namespace, self.name


LOST_TOGETHER: Final = Cause(0, "nodes", "lost together")
"""Rather the network or the power between them: moving everything would be the worst answer."""


def suspects(
    store: ClusterStore,
    policy: HealingPolicy,
    incidents: Collection[Incident],
    healed: Mapping[str, Mapping[str, Mended]],
    lost: frozenset[str],
    now: datetime,
) -> list[frozenset[Cause]]:
    """For each incident, in their order. `healed`: what was mended lately, by every namespace that has an incident, and the name of
    the Service. `lost`: the nodes that were lost lately.
    """
    broken = {space: _broken_services(store, space) for space in healed}
    return [
        _suspects(store, policy, each, broken.get(each.target.namespace or "", {}), lost, now)
        | _aftermath(store, each, healed.get(each.target.namespace or "", {}))
        for each in incidents
    ]


def _suspects(
    store: ClusterStore,
    policy: HealingPolicy,
    incident: Incident,
    broken: Mapping[str, tuple[Service, Workload]],
    lost: frozenset[str],
    now: datetime,
) -> frozenset[Cause]:
    target = incident.target
    if target.kind == "Node":
        return frozenset({Cause(0, "Node", target.name), *_lost_together({target.name}, lost)})
    about = scene(store, policy, target, incident.symptoms)
    if about.workload is None:
        return frozenset()
    found = [Cause(1, target.kind, target.name, target.namespace or ""), *_nodes(store, about.affected)]
    found += _lost_together({pod.node for pod in about.affected}, lost)
    found += _dependencies(about.workload, broken)
    found += _releases(store, about.workload, now)
    found += [Cause(3, "image", image) for image in _images(about.affected)]
    return frozenset(found)


def _nodes(store: ClusterStore, affected: Iterable[Pod]) -> Iterator[Cause]:
    names = {pod.node for pod in affected}
    if len(names) != 1 or None in names:
        return
    node = store.node(str(names.pop()))
    if node:
        unwell = not node.ready or bool(node.pressure)
        yield Cause(0 if unwell else 4, "Node", node.meta.name)


def lately_lost(store: ClusterStore, now: datetime) -> frozenset[str]:
    """One that has been dead for long has nothing to do with what breaks now, nor has one that somebody is removing."""
    lost = (each for each in store.nodes() if not each.ready and not each.meta.deleting)
    return frozenset(
        node.meta.name
        for node in lost
        if node.ready_since and (now - node.ready_since).total_seconds() < YOUNG_SECONDS
    )


def _lost_together(places: set[str | None], lost: frozenset[str]) -> Iterator[Cause]:
    """Where all that is affected was on nodes that are gone, of which there are several."""
    if len(lost) > 1 and places and places <= lost:
        yield LOST_TOGETHER


def _broken_services(store: ClusterStore, namespace: str) -> dict[str, tuple[Service, Workload]]:
    """Services with nothing behind them, by name, with the workload that should be."""
    silent = (
        each for each in store.services(namespace) if not store.ready_endpoints(namespace, each.meta.name)
    )
    found = ((service, behind(store, service)) for service in silent)
    return {service.meta.name: (service, workload) for service, workload in found if workload}


def _dependencies(workload: Workload, broken: Mapping[str, tuple[Service, Workload]]) -> Iterator[Cause]:
    if not broken:
        return
    for name in named_hosts(workload.environment, workload.meta.namespace) & broken.keys():
        service, culprit = broken[name]
        if not selects(service, workload):
            yield _behind_service(culprit)


def _aftermath(store: ClusterStore, incident: Incident, healed: Mapping[str, Mended]) -> frozenset[Cause]:
    """What it depends on that was broken when it fell ill."""
    target = incident.target
    workload = store.workload(target.kind, target.namespace or "", target.name) if healed else None
    if workload is None:
        return frozenset()
    named = named_hosts(workload.environment, workload.meta.namespace)
    culprits = (each for name, each in healed.items() if name in named and each.explains(incident))
    return frozenset(
        _behind_service(each.workload) for each in culprits if not selects(each.service, workload)
    )


def _behind_service(workload: Workload) -> Cause:
    return Cause(1, workload.meta.kind, workload.meta.name, workload.meta.namespace)


def _releases(store: ClusterStore, workload: Workload, now: datetime) -> Iterator[Cause]:
    created = max(
        (each.meta.created for each in store.replica_sets_of(workload) if each.meta.created), default=None
    )
    young = created is not None and (now - created).total_seconds() < YOUNG_SECONDS
    if young or workload.rollout_in_progress:
        meta = workload.meta
        names = (meta.annotations.get(key) or meta.labels.get(key) for key in RELEASES)
        yield from (Cause(2, "release", name, meta.namespace) for name in names if name)


def _images(affected: Iterable[Pod]) -> set[str]:
    """Of the containers that show the fault."""
    ill = (each for pod in affected for each in (*_in_the_way(pod), *pod.containers) if _ails(each))
    return {container.image for container in ill if container.image}


def _in_the_way(pod: Pod) -> Iterator[Container]:
    """The init containers that are not through. In a mesh every pod has one of the same image that is."""
    return (each for each in pod.init_containers if not succeeded(each))


def _ails(container: Container) -> bool:
    """What waits for its turn, or for a node, has shown no fault of its own yet."""
    if container.waiting_reason:
        return container.waiting_reason not in STARTING
    return bool(container.terminated or (container.running_since and not container.started))
