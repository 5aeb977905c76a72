"""In a storm: which of the many symptoms have one cause in common, and which Remediation treats it for all. Pure.

Asked in this order, the surest first: several nodes that were lost, which nobody here can mend; an unwell node that holds all affected pods; a dependency with nothing behind it;
a release that was just rolled out; an image; one node, though it looks well. A group that is wrong does little harm: its
members are then treated one after the other instead of all at once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from planaria_contract import ObjectRef
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.incident import Incident
from planaria_operator.guard.aftermath import mended
from planaria_operator.guard.suspects import LOST_TOGETHER, Cause, suspects
from planaria_operator.objects.store import ClusterStore

TargetKey = tuple[str, str, str]
"""Kind, namespace (empty for a node) and name."""


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
    healed = mended(store, spaces)
    suspected = dict(zip(found, suspects(store, policy, found.values(), healed, now), strict=True))
    votes = Counter(cause for causes in suspected.values() for cause in causes)
    votes.update(_the_lost_node(found))
    members: dict[Cause, set[TargetKey]] = {}
    for key, causes in suspected.items():
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
