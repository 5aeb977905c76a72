"""In a storm: which of the many symptoms have one cause in common, and which Remediation treats it for all. Pure.

Asked in this order, the surest first: several nodes that were lost, which nobody here can mend; an unwell node that holds all affected pods; a dependency with nothing behind it;
a release that was just rolled out; an image; one node, though it looks well. A group that is wrong does little harm: its
members are then treated one after the other instead of all at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from planaria_contract import ObjectRef
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.incident import Incident
from planaria_operator.evidence.dependencies import behind, named_hosts, selects
from planaria_operator.evidence.scene import scene
from planaria_operator.guard.aftermath import Mended, mended
from planaria_operator.objects.cluster import Service
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

TargetKey = tuple[str, str, str]
"""Kind, namespace (empty for a node) and name."""

YOUNG_SECONDS: Final = 1800
RELEASES: Final = ("meta.helm.sh/release-name", "app.kubernetes.io/instance", "app.kubernetes.io/part-of")
"""Annotations and labels that name what was rolled out together."""


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
    def key(self) -> TargetKey:
        return self.kind, self.namespace, self.name


LOST_TOGETHER: Final = Cause(0, "nodes", "lost together")
"""Rather the network or the power between them: moving everything would be the worst answer."""


@dataclass(frozen=True, slots=True)
class Group:
    cause: Cause
    lead: TargetKey | None
    """Whose Remediation treats the cause: the cause itself where it is a target, else who was broken first. None where it
    is nothing that an action here could mend, or has been mended already."""
    members: frozenset[TargetKey]
    remediation: str
    """Name of the lead's Remediation, or of the one that has mended the cause; empty while there is none."""


def key_of(target: ObjectRef | ObjectReference) -> TargetKey:
    return target.kind, target.namespace or "", target.name


def groups(
    store: ClusterStore, policy: HealingPolicy, incidents: Iterable[Incident], now: datetime
) -> Mapping[TargetKey, Group]:
    """For each target that shares its cause with another, and for the one lost node: the group that it belongs to."""
    found = {key_of(each.target): each for each in incidents}
    spaces = {space for _, space, _ in found if space}
    broken = {space: _broken_services(store, space) for space in spaces}
    healed = mended(store, spaces)
    lost = _lately_lost(store, now)
    suspects = {
        key: _suspects(store, policy, incident, broken.get(key[1], {}), lost, now)
        | _aftermath(store, incident, healed.get(key[1], {}))
        for key, incident in found.items()
    }
    votes = Counter(cause for causes in suspects.values() for cause in causes)
    votes.update(_the_lost_node(found))
    members: dict[Cause, set[TargetKey]] = {}
    for key, causes in suspects.items():
        if cause := _surest(key, causes, votes):
            members.setdefault(cause, set()).add(key)
    records = _open_records(store, policy)
    treated = {
        each.workload.meta.key: each.record.name for space in healed.values() for each in space.values()
    }
    made = (_group(cause, keys, found, records, treated) for cause, keys in members.items())
    return {key: group for group in made for key in group.members}


def _the_lost_node(found: Iterable[TargetKey]) -> list[Cause]:
    """Its one incident stands for all pods that it held, so alone it is a cause already; of several nobody knows which."""
    lost = [Cause(0, kind, name) for kind, _, name in found if kind == "Node"]
    return lost if len(lost) == 1 else []


def _surest(key: TargetKey, causes: Iterable[Cause], votes: Mapping[Cause, int]) -> Cause | None:
    """What it shares with most others of the surest kind; itself only where it depends on nothing that is broken."""
    shared = [cause for cause in causes if votes[cause] > 1]

    def order(cause: Cause) -> tuple[int, bool, int, str, str]:
        return cause.rank, cause.key == key, -votes[cause], cause.name, cause.namespace

    return min(shared, key=order, default=None)


def _open_records(store: ClusterStore, policy: HealingPolicy) -> dict[TargetKey, Remediation]:
    """Of a node only what stands under this policy: others move pods of their own off it."""
    near = (
        each
        for each in store.remediations.values()
        if each.policy_key == policy.key
        or each.namespace == policy.namespace
        or (policy.cluster_wide and each.spec.target.kind != "Node")
    )
    return {key_of(each.spec.target): each for each in near if not each.status.finished}


def _group(
    cause: Cause,
    members: set[TargetKey],
    found: Mapping[TargetKey, Incident],
    records: Mapping[TargetKey, Remediation],
    treated: Mapping[TargetKey, str],
) -> Group:
    def since(key: TargetKey) -> tuple[datetime, TargetKey]:
        """By the record, where there is one: symptoms come and go, and the lead must not change with them."""
        return (records[key].spec.visible_at if key in records else found[key].visible_at), key

    def opens(key: TargetKey) -> bool:
        """What is only watched never gets a Remediation, and everybody would wait for it."""
        return key in records or found[key].ripe or found[key].ripe_at is not None

    if cause == LOST_TOGETHER:
        return Group(cause, None, frozenset(members), "")
    itself = cause.key
    if itself in treated and itself not in found:
        return Group(cause, None, frozenset(members), treated[itself])
    able = [key for key in members if opens(key)] or members
    lead = itself if itself in found and opens(itself) else min(able, key=since)
    return Group(cause, lead, frozenset(members), records[lead].name if lead in records else "")


# --- what may be behind one incident


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


def _lately_lost(store: ClusterStore, now: datetime) -> frozenset[str]:
    """One that has been dead for long has nothing to do with what breaks now."""
    return frozenset(
        node.meta.name
        for node in store.nodes()
        if not node.ready and node.ready_since and (now - node.ready_since).total_seconds() < YOUNG_SECONDS
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
    return {
        container.image
        for pod in affected
        for container in (*pod.init_containers, *pod.containers)
        if container.image and (container.waiting_reason or container.terminated or not container.started)
    }
