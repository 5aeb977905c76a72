"""Do several workloads fail on one node while elsewhere they are well? That is what an action on a ready node needs. Pure.

In a storm `causes.py` groups whatever may belong together, and a group that is wrong does little harm. Closing a node for a
group that is wrong does, so more is asked here: every affected pod of each workload is on the node, there are at least two
such workloads, at least one has a ready pod on another node, and none has a sick one there.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import Ranking
from planaria_operator.evidence.scene import Scene, scene
from planaria_operator.guard.causes import TargetKey, key_of, opted_out
from planaria_operator.guard.population import attended
from planaria_operator.objects.store import ClusterStore

ENOUGH: Final = 2
"""Workloads. One alone has a fault of its own until the opposite is shown."""

Pairs = list[tuple[Incident, Scene]]


@dataclass(frozen=True, slots=True)
class SharedNode:
    """The node that the faults of several workloads are laid at."""

    node: str
    members: frozenset[str]
    """Uids of those workloads."""
    lead: str
    """Uid of the one whose Remediation treats the node for all: of those that can, who broke first."""
    remediation: str = ""
    """The lead's Remediation; empty while there is none."""


def shared_nodes(
    store: ClusterStore,
    policy: HealingPolicy,
    incidents: Iterable[Incident],
    ranking: Ranking,
    leads: Collection[TargetKey] = (),
) -> Mapping[str, SharedNode]:
    """By the uid of each target that shares a node's fault with another. `leads`: those that may act in the storm that there is."""
    found: dict[str, Pairs] = {}
    for incident in incidents:
        about = scene(store, policy, incident.target, incident.symptoms)
        if (node := _only_node(about)) and _well_elsewhere(about, node):
            found.setdefault(node, []).append((incident, about))
    return {
        uid: each
        for node, pairs in found.items()
        for uid, each in _members(store, policy, node, pairs, ranking, leads)
    }


def _members(
    store: ClusterStore,
    policy: HealingPolicy,
    node: str,
    pairs: Pairs,
    ranking: Ranking,
    leads: Collection[TargetKey],
) -> Iterable[tuple[str, SharedNode]]:
    contrast = any(pod.ready and pod.node != node for _, about in pairs for pod in about.healthy)
    if len(pairs) < ENOUGH or not contrast:
        return ()
    since = {incident.target.uid or "": incident.visible_at for incident, _ in pairs}
    keys = {incident.target.uid or "": key_of(incident.target) for incident, _ in pairs}
    records = _open_records(store, since)
    able = _able(store, policy, pairs, records, ranking) or since.keys()

    def order(uid: str) -> tuple[bool, bool, datetime, TargetKey]:
        """Who may act in a storm comes first: else the storm would hold this one for that one, and the node that for this."""
        return _passed_on(records.get(uid)), keys[uid] not in leads, _since(uid, since, records), keys[uid]

    lead = min(able, key=order)
    record = records[lead].name if lead in records else ""
    shared = SharedNode(node, frozenset(since), lead, record)
    return [(uid, shared) for uid in since]


def _only_node(about: Scene) -> str | None:
    """The one node that all affected pods are on."""
    if about.workload is None or (about.workload.meta.kind == "DaemonSet" and len(about.affected) > 1):
        return None
    names = {pod.node for pod in about.affected}
    return names.pop() if len(names) == 1 else None


def _well_elsewhere(about: Scene, node: str) -> bool:
    return all(pod.ready for pod in about.healthy if pod.node != node)


def _open_records(store: ClusterStore, uids: Iterable[str]) -> dict[str, Remediation]:
    wanted = set(uids)
    return {each.spec.target.uid or "": each for each in attended(store) if each.spec.target.uid in wanted}


def _able(
    store: ClusterStore,
    policy: HealingPolicy,
    pairs: Pairs,
    records: Mapping[str, Remediation],
    ranking: Ranking,
) -> set[str]:
    """Uids of those that may come to isolate the node. All wait for the lead, and it is looked for among these."""
    return {
        incident.target.uid or ""
        for incident, about in pairs
        if ranking.heals(policy, incident.target)
        and (incident.opens or incident.target.uid in records)
        and not _kept_from_moving(store, about)
    }


def _kept_from_moving(store: ClusterStore, about: Scene) -> bool:
    """True where the guard `opt-out` would refuse to move its sick pods; another's Remediation leaves them where they are."""
    return any(pod.meta.heal_disabled for pod in about.affected) or opted_out(store, about.target)


def _passed_on(record: Remediation | None) -> bool:
    """Handed to a person: it leads nobody any more."""
    return record is not None and record.status.stage is Stage.ESCALATED


def _since(uid: str, since: Mapping[str, datetime], records: Mapping[str, Remediation]) -> datetime:
    """By the record, where there is one: symptoms come and go, and the lead must not change with them."""
    return records[uid].spec.visible_at if uid in records else since[uid]
