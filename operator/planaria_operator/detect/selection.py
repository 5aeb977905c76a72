"""Which namespaces and workloads a policy is about, and which of several policies has a target. Pure.

A policy that selects a target need not be the one that heals it. The most specific of those that select it has it:

1. a HealingPolicy before any ClusterHealingPolicy;
2. one with a selector for workloads before one without;
3. of ClusterHealingPolicies, one with a selector for namespaces before one without;
4. the first by name.

What a policy says besides (its mode, its actions, whether it is paused) does not count: who has a target may leave it alone.
"""

from collections.abc import Iterator, Mapping

from planaria_contract import ObjectRef
from planaria_operator.api.base import POLICY_KINDS
from planaria_operator.api.healing_policy import ClusterHealingPolicySpec, HealingPolicy
from planaria_operator.api.selector import LabelSelector, SelectorRequirement
from planaria_operator.objects.meta import OPT_OUT_LABEL, Identity, Meta
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload


def opted_out(meta: Meta) -> bool:
    """True for an object that carries the opt-out label with any value but "false"."""
    return meta.labels.get(OPT_OUT_LABEL, "false") != "false"


# --- namespaces


def reaches(store: ClusterStore, policy: HealingPolicy, namespace: str) -> bool:
    """Its own; of a ClusterHealingPolicy every one that its selector chooses and that is not protected.

    A namespace whose labels are not known, because it is not watched or has only just appeared, is not chosen.
    """
    if not policy.cluster_wide:
        return namespace == policy.namespace
    known = store.namespace(namespace)
    if known is None or namespace in store.protected:
        return False
    return matches(namespace_selector(policy), known.meta.labels)


def reach(store: ClusterStore, policy: HealingPolicy) -> list[str]:
    """Names of the namespaces that the policy reaches, in order."""
    if not policy.cluster_wide:
        return [policy.namespace]
    names = (each.meta.name for each in store.namespaces())
    return sorted(name for name in names if reaches(store, policy, name))


def namespace_selector(policy: HealingPolicy) -> LabelSelector:
    """Empty where the policy has none."""
    return (
        policy.spec.namespace_selector
        if isinstance(policy.spec, ClusterHealingPolicySpec)
        else LabelSelector()
    )


# --- workloads


def covers(store: ClusterStore, policy: HealingPolicy, workload: Workload) -> bool:
    """Namespace, labels and opt-out, whatever the kind: a policy for nodes alone still says whose pods it moves."""
    meta = workload.meta
    if opted_out(meta) or not reaches(store, policy, meta.namespace):
        return False
    return matches(policy.spec.selector, meta.labels)


def selects(store: ClusterStore, policy: HealingPolicy, workload: Workload) -> bool:
    """True where the workload itself may be a target of the policy."""
    return workload.meta.kind in policy.spec.kinds and covers(store, policy, workload)


def selected(store: ClusterStore, policy: HealingPolicy) -> list[Workload]:
    """By kind, namespace and name; without what is being deleted, which may take for ever and never gets well."""
    found = (
        workload
        for workload in store.workloads(*reach(store, policy))
        if selects(store, policy, workload) and not workload.meta.deleting
    )
    return sorted(found, key=lambda workload: workload.meta.key)


# --- which of several policies


def precedence(policy: HealingPolicy) -> tuple[bool, bool, bool, str, str]:
    """The smaller, the more specific."""
    return (
        policy.cluster_wide,
        policy.spec.selector == LabelSelector(),
        namespace_selector(policy) == LabelSelector(),
        policy.namespace,
        policy.name,
    )


class Ranking:
    """Which policy has what, at one moment; made once where many workloads are asked about."""

    def __init__(self, store: ClusterStore) -> None:
        self._store = store
        self._near: dict[str, list[HealingPolicy]] = {}

    def holder(self, policy: HealingPolicy, workload: Workload) -> HealingPolicy:
        """Who heals the workload: `policy`, which selects it, or a more specific one."""
        return next(self._claimants(policy, workload, workload.meta.kind), policy)

    def heals(self, policy: HealingPolicy, target: ObjectRef) -> bool:
        """True where it is this policy that heals the target. Of a lost node each policy has found its own pods only."""
        workload = self._store.workload(target.kind, target.namespace or "", target.name)
        return workload is None or self.holder(policy, workload).key == policy.key

    def carrier(self, policy: HealingPolicy, workload: Workload) -> HealingPolicy | None:
        """Who moves the workload's pods off a lost node: the most specific that covers it and is about nodes.

        A ClusterHealingPolicy does not do so in a namespace that says `planaria.dev/heal: disabled`: what is left alone
        there must not stand in the way of everybody else on the node.
        """
        space = self._store.namespace(workload.meta.namespace)
        disabled = space is not None and space.meta.heal_disabled
        claimants = self._claimants(policy, workload, "Node")
        return next((each for each in claimants if not (each.cluster_wide and disabled)), None)

    def carries(self, policy: HealingPolicy, workload: Workload) -> bool:
        """True where it is this policy that moves the workload's pods off a lost node."""
        found = self.carrier(policy, workload)
        return found is not None and found.key == policy.key

    def _claimants(self, policy: HealingPolicy, workload: Workload, kind: str) -> Iterator[HealingPolicy]:
        """All that cover the workload and are about `kind`, the most specific first. `policy` as it was given."""
        others = (each for each in self._in(workload.meta.namespace) if each.key != policy.key)
        for each in sorted([policy, *others], key=precedence):
            if kind in each.spec.kinds and covers(self._store, each, workload):
                yield each

    def _in(self, namespace: str) -> list[HealingPolicy]:
        if namespace not in self._near:
            policies = self._store.policies.values()
            self._near[namespace] = [each for each in policies if reaches(self._store, each, namespace)]
        return self._near[namespace]


def unread(store: ClusterStore, *namespaces: str) -> list[Identity]:
    """Policies of the namespaces that cannot be read, in order; those for many are in the namespace "". Any of them may be more
    specific than all others of its kind, for nobody knows what it selects.
    """
    return sorted(
        each for each in store.unreadable if each.kind in POLICY_KINDS and each.namespace in namespaces
    )


# --- labels


def matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """As the API server matches a LabelSelector: every row must hold, and an empty selector matches everything."""
    if any(labels.get(key) != value for key, value in selector.match_labels.items()):
        return False
    return all(_holds(row, labels) for row in selector.match_expressions)


def _holds(row: SelectorRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(row.key)
    if row.operator == "Exists":
        return value is not None
    if row.operator == "DoesNotExist":
        return value is None
    if row.operator == "In":
        return value in row.values
    return value not in row.values  # NotIn also matches an object without the label
