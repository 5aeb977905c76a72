"""Does too much break at once, and do the many symptoms share one cause? Asked once in a pass for each policy. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from planaria_contract import Action
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import StormStatus
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.left_alone import well
from planaria_operator.detect.selection import Ranking, selected
from planaria_operator.guard.causes import Group, TargetKey, groups
from planaria_operator.guard.population import attended, required_healthy, under_repair
from planaria_operator.guard.shared_node import SharedNode, shared_nodes
from planaria_operator.objects.store import ClusterStore
from planaria_operator.text import listed, shortened

NAMED: Final = 3
"""Of those that are not healthy: the first by kind, namespace and name, so that the text seldom changes."""
LONGEST: Final = 512
"""Characters of their names: three of the longest there can be would not fit into the status."""


@dataclass(frozen=True, slots=True)
class Weather:
    storm: StormStatus | None
    """None while it is calm."""
    groups: Mapping[TargetKey, Group] = field(default_factory=dict)
    """In a storm: what shares a cause with others, by kind, namespace and name."""
    shared_nodes: Mapping[str, SharedNode] = field(default_factory=dict)
    """Also in the calm, under a policy that may isolate: whose fault is laid at a node, by uid."""
    held_nodes: Mapping[str, str] = field(default_factory=dict)
    """Nodes that a more specific policy has to treat, by name, with that policy in words."""


CALM: Final = Weather(None)


def weather(
    store: ClusterStore,
    policy: HealingPolicy,
    incidents: Iterable[Incident],
    now: datetime,
    ranking: Ranking | None = None,
) -> Weather:
    """`incidents`: everything detected under the policy now, ripe or not. `ranking`: of this pass; default: made anew."""
    found, ranking = tuple(incidents), ranking or Ranking(store)
    storm = storm_of(store, policy, found, now)
    grouped = groups(store, policy, found, ranking, now) if storm else {}
    leads = {key for key, group in grouped.items() if group.lead == key}
    nodes = shared_nodes(store, policy, found, ranking, leads) if may_isolate(policy) else {}
    return Weather(storm, grouped, nodes) if storm or nodes else CALM


@dataclass(slots=True)
class NodeClaims:
    """Which policy has a node as a whole: of those that may isolate and have an incident laid at it, the most specific.

    Made anew for each pass. Policies are shown to it in the order of precedence.
    """

    _claimed: dict[str, str] = field(default_factory=dict)

    def under(self, policy: HealingPolicy, incidents: Iterable[Incident], sky: Weather) -> Weather:
        """`sky` with the nodes that others have. `incidents`: those that the policy has itself."""
        if not may_isolate(policy) or "Node" not in policy.spec.kinds:
            return sky
        held = dict(self._claimed)
        for incident in incidents:
            shared = sky.shared_nodes.get(incident.target.uid or "")
            node = incident.target.name if incident.target.kind == "Node" else shared and shared.node
            if node:
                self._claimed.setdefault(node, str(policy))
        return replace(sky, held_nodes=held) if held else sky


def may_isolate(policy: HealingPolicy) -> bool:
    return policy.cluster_wide and policy.spec.allows(Action.ISOLATE) is not None


def storm_of(
    store: ClusterStore, policy: HealingPolicy, incidents: Iterable[Incident], now: datetime
) -> StormStatus | None:
    """A storm ends only when it has been calm for the whole cooldown; a relapse starts that again."""
    known, why = policy.status.storm, _rages(store, policy, incidents, now)
    if why:
        return StormStatus(since=known.since if known else now, why=why)
    if known is None:
        return None
    calm = min(
        known.calm_since or now, now
    )  # a leader whose clock ran ahead must not hold everything until then
    cooldown = timedelta(seconds=policy.spec.guardrails.storm.cooldown_seconds)
    return known.model_copy(update={"calm_since": calm}) if now < calm + cooldown else None


def _rages(store: ClusterStore, policy: HealingPolicy, incidents: Iterable[Incident], now: datetime) -> str:
    limit = policy.spec.guardrails.storm
    broken = _newly_broken(store, policy, incidents, now - timedelta(seconds=limit.window_seconds))
    if broken >= limit.incidents:
        return f"{limit.incidents} or more targets broke within {limit.window_seconds} s"
    return _too_few_healthy(store, policy)


def _newly_broken(
    store: ClusterStore, policy: HealingPolicy, incidents: Iterable[Incident], since: datetime
) -> int:
    """Targets, each once however often it breaks. One that has long been broken is no news."""
    seen = {incident.target.uid: incident.visible_at for incident in incidents}
    # Since when, by the record, though it may be another policy's: the symptoms of what crashes are as old as its last crash.
    open_ones = {
        each.spec.target.uid: each.spec.visible_at for each in attended(store) if each.spec.target.uid in seen
    }
    recorded = {
        each.spec.target.uid: each.spec.visible_at
        for each in store.remediations_of(policy)
        if not each.status.finished or each.spec.visible_at > since
    }
    return sum(visible > since for visible in (seen | open_ones | recorded).values())


def _too_few_healthy(store: ClusterStore, policy: HealingPolicy) -> str:
    """The brake min-healthy would hold whichever of the broken were to be healed."""
    workloads = selected(store, policy)
    busy = under_repair(store)
    unwell = [each.meta for each in workloads if each.meta.uid in busy or not well(store, each)]
    healthy = len(workloads) - len(unwell)
    others, wanted = max(len(workloads) - 1, 0), policy.spec.guardrails.min_healthy
    try:
        required = required_healthy(wanted, others)
    except ValueError as error:
        return str(error)
    if healthy >= required or not unwell:
        return ""
    # Named, because one that merely lacks pods is no incident and stands in no record.
    names = shortened(listed([f"{meta.namespace}/{meta}" for meta in unwell], limit=NAMED), LONGEST)
    return f"fewer than {required} of {len(workloads)} workloads are healthy ({wanted}): not so are {names}"
