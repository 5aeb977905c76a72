"""Which workloads a policy is about."""

from collections.abc import Mapping

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.selector import LabelSelector, SelectorRequirement
from planaria_operator.objects.meta import OPT_OUT_LABEL, Meta
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload


def opted_out(meta: Meta) -> bool:
    """True for an object that carries the opt-out label with any value but "false"."""
    return meta.labels.get(OPT_OUT_LABEL, "false") != "false"


def covers(policy: HealingPolicy, workload: Workload) -> bool:
    """Namespace, labels and opt-out, whatever the kind: a policy for nodes alone still says whose pods it moves."""
    meta = workload.meta
    if meta.namespace != policy.namespace or opted_out(meta):
        return False
    return matches(policy.spec.selector, meta.labels)


def selects(policy: HealingPolicy, workload: Workload) -> bool:
    """True where the workload itself may be a target of the policy."""
    return workload.meta.kind in policy.spec.kinds and covers(policy, workload)


def selected(store: ClusterStore, policy: HealingPolicy) -> list[Workload]:
    """By kind and name."""
    found = (workload for workload in store.workloads(policy.namespace) if selects(policy, workload))
    return sorted(found, key=lambda workload: workload.meta.key)


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
