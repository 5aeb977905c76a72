"""In a storm: which of the many symptoms have one cause in common, and which Remediation treats it for all. Pure.

Asked in this order, the surest first: several nodes that were lost, which nobody here can mend; an unwell node that holds all affected pods; a dependency with nothing behind it;
a release that was just rolled out; an image; one node, though it looks well. A group that is wrong does little harm: its
members are then treated one after the other instead of all at once.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from planaria_contract import ObjectRef
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import Ranking
from planaria_operator.guard.aftermath import Mended, mended
from planaria_operator.guard.population import attended
from planaria_operator.guard.suspects import LOST_TOGETHER, Cause, lately_lost, suspects
from planaria_operator.objects.store import ClusterStore

TargetKey = tuple[str, str, str]
"""Kind, namespace (empty for a node) and name."""


@dataclass(frozen=True, slots=True)
class Group:
    cause: Cause
    lead: TargetKey | None
    """Whose Remediation treats the cause: the cause itself where it is a target, else who was broken first. None where it
    is nothing that an action here could mend, or has been mended a moment ago."""
    members: frozenset[TargetKey]
    remediation: str
    """Name of the lead's Remediation, or of the one that has mended the cause; empty while there is none."""


def key_of(target: ObjectRef | ObjectReference) -> TargetKey:
    return target.kind, target.namespace or "", target.name


def groups(
    store: ClusterStore, policy: HealingPolicy, incidents: Iterable[Incident], ranking: Ranking, now: datetime
) -> Mapping[TargetKey, Group]:
    """For each target that shares its cause with another, and for the one lost node: the group that it belongs to."""
    found = {key_of(each.target): each for each in incidents}
    spaces = {space for _, space, _ in found if space}
    healed, lost = mended(store, spaces), lately_lost(store, now)
    suspected = dict(zip(found, suspects(store, policy, found.values(), healed, lost, now), strict=True))
    votes = Counter(cause for causes in suspected.values() for cause in causes)
    votes.update(_the_lost_node(found, lost))
    surest = {key: _surest(key, causes, votes) for key, causes in suspected.items()}
    records, treated = _open_records(store, policy), _treated(healed, now)
    since = partial(_since, found, records)
    members: dict[Cause, set[TargetKey]] = {}
    for key, cause in surest.items():
        if cause:
            members.setdefault(_of_ring(surest, key, cause, since), set()).add(key)
    able = _able(store, policy, found, records, ranking)
    made = (_group(cause, keys, found, records, treated, able) for cause, keys in members.items())
    return {key: group for group in made for key in group.members}


def _the_lost_node(found: Iterable[TargetKey], lately: Collection[str]) -> list[Cause]:
    """Its one incident stands for all pods that it held, so alone it is a cause already; of several nobody knows which, unless
    all others have been dead for long.
    """
    nodes = [name for kind, _, name in found if kind == "Node"]
    lost = [name for name in nodes if name in lately] or nodes
    return [Cause(0, "Node", name) for name in lost] if len(lost) == 1 else []


def _surest(key: TargetKey, causes: Iterable[Cause], votes: Mapping[Cause, int]) -> Cause | None:
    """What it shares with most others of the surest kind; itself only where it depends on nothing that is broken."""
    shared = [cause for cause in causes if votes[cause] > 1]

    def order(cause: Cause) -> tuple[int, bool, int, str, str]:
        return cause.rank, cause.key == key, -votes[cause], cause.name, cause.namespace

    return min(shared, key=order, default=None)


def _of_ring(
    surest: Mapping[TargetKey, Cause | None],
    key: TargetKey,
    cause: Cause,
    since: Callable[[TargetKey], tuple[datetime, TargetKey]],
) -> Cause:
    """`cause`, unless it depends on `key` in turn: then who broke first of that ring, else each would wait for the next."""
    ring = [cause]
    while (after := surest.get(ring[-1].key)) and after not in ring:
        ring.append(after)
    whole = any(each.key == key for each in ring)
    return min(ring, key=lambda each: since(each.key)) if whole else cause


def _treated(healed: Mapping[str, Mapping[str, Mended]], now: datetime) -> dict[TargetKey, str]:
    """What was mended so lately that nothing is done about its symptoms, with the name of the record."""
    found = (each for space in healed.values() for each in space.values())
    return {each.workload.meta.key: each.record.name for each in found if each.awaited(now)}


def _since(
    found: Mapping[TargetKey, Incident], records: Mapping[TargetKey, Remediation], key: TargetKey
) -> tuple[datetime, TargetKey]:
    """By the record, where there is one: symptoms come and go, and the lead must not change with them."""
    return (records[key].spec.visible_at if key in records else found[key].visible_at), key


def _opens(
    key: TargetKey, found: Mapping[TargetKey, Incident], records: Mapping[TargetKey, Remediation]
) -> bool:
    """What is only watched never gets a Remediation, and everybody would wait for it."""
    return key in records or found[key].opens


def _able(
    store: ClusterStore,
    policy: HealingPolicy,
    found: Mapping[TargetKey, Incident],
    records: Mapping[TargetKey, Remediation],
    ranking: Ranking,
) -> set[TargetKey]:
    """Those that may be treated under the policy: who waits for another one may wait for ever."""
    return {
        key
        for key, incident in found.items()
        if _opens(key, found, records)
        and ranking.heals(policy, incident.target)
        and not opted_out(store, incident.target)
    }


def opted_out(store: ClusterStore, target: ObjectRef) -> bool:
    """True where the guard `opt-out` would refuse whatever is done to it."""
    workload = store.workload(target.kind, target.namespace or "", target.name)
    space = store.namespace(target.namespace or "")
    marked = any(view.meta.heal_disabled for view in (workload, space) if view)
    return marked or (workload is not None and workload.template_heal_disabled)


def _open_records(store: ClusterStore, policy: HealingPolicy) -> dict[TargetKey, Remediation]:
    """Of a node only what stands under this policy: others move pods of their own off it."""
    return {
        key_of(each.spec.target): each
        for each in attended(store)
        if each.policy_key == policy.key
        or each.namespace == policy.namespace
        or (policy.cluster_wide and each.spec.target.kind != "Node")
    }


def _group(
    cause: Cause,
    members: set[TargetKey],
    found: Mapping[TargetKey, Incident],
    records: Mapping[TargetKey, Remediation],
    treated: Mapping[TargetKey, str],
    able: set[TargetKey],
) -> Group:
    if cause == LOST_TOGETHER:
        return Group(cause, None, frozenset(members), "")
    itself = cause.key
    if itself in treated and itself not in found:
        return Group(cause, None, frozenset(members), treated[itself])
    leads = members & able or {key for key in members if _opens(key, found, records)} or members
    itself_leads = itself in found and _opens(itself, found, records)
    lead = itself if itself_leads else min(leads, key=partial(_since, found, records))
    return Group(cause, lead, frozenset(members), records[lead].name if lead in records else "")
