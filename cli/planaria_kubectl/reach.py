"""Which policy a target belongs to, and why the others do not have it. Pure."""

from collections.abc import Iterator, Mapping

from planaria_contract import ObjectRef
from planaria_kubectl.target import meta_of
from planaria_kubectl.world import World
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.selector import LabelSelector, SelectorRequirement
from planaria_operator.detect.selection import (
    Ranking,
    matches,
    namespace_selector,
    opted_out,
    precedence,
    reaches,
    selects,
)
from planaria_operator.objects.meta import OPT_OUT_LABEL, Meta
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload


def why_not_selected(store: ClusterStore, policy: HealingPolicy, target: ObjectRef) -> str:
    """In one sentence; empty where the policy does select the target."""
    if target.kind not in policy.spec.kinds:
        return f"spec.kinds has {', '.join(policy.spec.kinds)}, and not {target.kind}"
    if target.kind == "Node":
        return "" if _carries(store, policy, target.name) else "no pod that it would move is on the node"
    workload = store.workload(target.kind, target.namespace or "", target.name)
    if workload is None:
        return f"{target} does not exist"
    if opted_out(workload.meta):
        return f"{target} has opted out: its label {OPT_OUT_LABEL} is {workload.meta.labels[OPT_OUT_LABEL]!r}"
    return _why_not_covered(store, policy, workload)


def _why_not_covered(store: ClusterStore, policy: HealingPolicy, workload: Workload) -> str:
    if not reaches(store, policy, workload.meta.namespace):
        return _out_of_reach(store, policy, workload.meta.namespace)
    if not matches(policy.spec.selector, workload.meta.labels):
        return "; ".join(_mismatches(policy.spec.selector, workload.meta.labels, "it"))
    return "" if selects(store, policy, workload) else f"it is not about {workload.meta}"


def claimants(world: World, target: ObjectRef) -> list[HealingPolicy]:
    """Those that heal the target: the most specific of those that select it. Only a node has several, each for its pods."""
    found = [each for each in candidates(world, target) if not why_not_selected(world.store, each, target)]
    found.sort(key=precedence)
    return found if target.kind == "Node" else found[:1]


def candidates(world: World, target: ObjectRef) -> list[HealingPolicy]:
    """Policies of the target's namespace, of every one for a node, and all that are for many namespaces."""
    return [
        each for each in world.policies if each.cluster_wide or target.namespace in {None, each.namespace}
    ]


def opted_out_with(world: World, target: ObjectRef) -> Meta | None:
    """The target, where a person has asked to stay away from it."""
    meta = meta_of(world.store, target)
    return meta if meta and opted_out(meta) else None


def _carries(store: ClusterStore, policy: HealingPolicy, node: str) -> bool:
    owners = (store.workload_of(pod) for pod in store.pods_on(node))
    ranking = Ranking(store)
    return any(ranking.carries(policy, workload) for workload in owners if workload)


def _out_of_reach(store: ClusterStore, policy: HealingPolicy, namespace: str) -> str:
    known = store.namespace(namespace)
    if namespace in store.protected:
        return f"namespace {namespace} is protected"
    if known is None:
        return f"the labels of namespace {namespace} are not known"
    selector = namespace_selector(policy)
    return "; ".join(_mismatches(selector, known.meta.labels, f"on namespace {namespace} it"))


def _mismatches(selector: LabelSelector, labels: Mapping[str, str], where: str) -> Iterator[str]:
    for key, wanted in selector.match_labels.items():
        if labels.get(key) != wanted:
            yield f"its selector wants the label {key}={wanted}, and {_found(key, labels, where)}"
    for row in selector.match_expressions:
        if not matches(LabelSelector(match_expressions=(row,)), labels):
            yield f"its selector wants {_row(row)}, and {_found(row.key, labels, where)}"


def _row(row: SelectorRequirement) -> str:
    values = f" ({', '.join(row.values)})" if row.values else ""
    return f"{row.key} {row.operator}{values}"


def _found(key: str, labels: Mapping[str, str], where: str) -> str:
    return f"{where} is {labels[key]!r}" if key in labels else "there is none"
