"""What a policy says of itself."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from planaria_operator.api.conditions import Status, with_condition
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.service import PolicyService
from planaria_operator.detect.selection import Ranking, reach, selected
from planaria_operator.notify.notifier import Notifier
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.opening import open_remediations


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a part that Planaria relies on; written into every policy's conditions."""

    available: bool
    reason: Reason
    message: str


METRICS_CONFIGURED = Known(True, Reason.METRICS_CONFIGURED, "Prometheus answers")
METRICS_NOT_CONFIGURED = Known(
    False,
    Reason.METRICS_NOT_CONFIGURED,
    "no Prometheus address is configured; the kubelets' own metrics are used",
)
METRICS_UNREACHABLE = Known(
    False, Reason.METRICS_UNREACHABLE, "Prometheus does not answer; the kubelets' own metrics are used"
)
SEMANTICS_EMBEDDED = Known(True, Reason.EMBEDDED, "no vLLM is configured; the embedded encoder reads")
POLICY_NOT_CONFIGURED = Known(
    False, Reason.POLICY_NOT_CONFIGURED, "no policy service is configured (--policy-url); the rules decide"
)
RULES_ALONE = Known(True, Reason.RULES_ALONE, "the rules alone read, as configured")


def policy_service(service: PolicyService | None) -> Known:
    """What is known of the policy service now."""
    if service is None:
        return POLICY_NOT_CONFIGURED
    return Known(service.reason is Reason.POLICY_ANSWERS, service.reason, service.message)


def told(notifier: Notifier | None, policy: HealingPolicy) -> dict[str, Known]:
    """Whether everybody whom the policy names could be told; nothing where it names nobody."""
    if notifier is None or not policy.spec.escalation.notify:
        return {}
    if trouble := notifier.receivers.trouble(policy):
        return {"ReceiversReady": Known(False, *trouble)}
    return {"ReceiversReady": Known(True, Reason.RECEIVERS_KNOWN, "everybody can be told")}


def summarised(  # noqa: PLR0913  what is said has this many parts
    store: ClusterStore,
    policy: HealingPolicy,
    status: HealingPolicyStatus,
    *,
    now: datetime,
    unhealthy: int,
    protected: bool,
    overlapping: Mapping[str, int],
    known: Mapping[str, Known],
) -> HealingPolicyStatus:
    """The status brought up to date; equal to the old one where nothing changed, so that nothing is written.

    `overlapping`: how many of the selected workloads other policies have, by policy.
    """
    targets = 0 if protected else len(selected(store, policy))
    ready = _ready(store, policy, targets, protected=protected, overlapping=overlapping)
    said = {"Ready": ready, "Overlapped": _overlapped(targets, overlapping), **known}
    conditions = status.conditions
    for name, part in said.items():
        conditions = with_condition(
            conditions,
            name,
            Status.TRUE if part.available else Status.FALSE,
            part.reason,
            part.message,
            now=now,
            generation=policy.generation,
        )
    return status.model_copy(
        update={
            "observed_generation": policy.generation,
            "conditions": conditions,
            "targets": targets,
            "unhealthy": unhealthy,
            "active": len(open_remediations(store, policy)),
        }
    )


def held_elsewhere(store: ClusterStore, ranking: Ranking, policy: HealingPolicy) -> Mapping[str, int]:
    """How many of the workloads that the policy selects are healed under more specific ones, by policy."""
    holders = (ranking.holder(policy, workload) for workload in selected(store, policy))
    return Counter(str(each) for each in holders if each.key != policy.key)


MOST_NAMED: Final = 8
"""Policies that the condition names; it has 1024 characters."""


def _overlapped(targets: int, overlapping: Mapping[str, int]) -> Known:
    if not overlapping:
        return Known(False, Reason.NOT_OVERLAPPED, "no more specific policy has any of its targets")
    ordered = sorted(overlapping.items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{name} ({count})" for name, count in ordered[:MOST_NAMED])
    more = f" and {len(ordered) - MOST_NAMED} more policies" if len(ordered) > MOST_NAMED else ""
    message = f"{sum(overlapping.values())} of {targets} targets are healed under {named}{more}"
    return Known(True, Reason.OVERLAPPING, message)


def _ready(
    store: ClusterStore,
    policy: HealingPolicy,
    targets: int,
    *,
    protected: bool,
    overlapping: Mapping[str, int],
) -> Known:
    if protected:
        message = f"{policy.namespace} is protected: move the policy to the namespace that it is for"
        return Known(False, Reason.NAMESPACE_PROTECTED, message)
    if "Namespace" in store.unwatched:
        lost = "none can be chosen" if policy.cluster_wide else "nothing is done: one might have opted out"
        message = f"namespaces are not watched, so {lost}: {store.unwatched['Namespace']}"
        return Known(False, Reason.NAMESPACES_UNKNOWN, message)
    where = f" in {len(reach(store, policy))} namespaces" if policy.cluster_wide else ""
    message = f"{policy.spec.mode.value}: {targets} workloads selected{where}"
    if not overlapping:
        return Known(True, Reason.POLICY_READY, message)
    others = f"{sum(overlapping.values())} of them belong to more specific policies"
    return Known(True, Reason.OVERLAPPING, f"{message}; {others}")
