"""What a HealingPolicy says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from planaria_operator.api.conditions import Condition, Status, with_condition
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.service import PolicyService
from planaria_operator.detect.selection import selected
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
    overlapping: int,
    known: Mapping[str, Known],
) -> HealingPolicyStatus:
    """The status brought up to date; equal to the old one where nothing changed, so that nothing is written."""
    targets = 0 if protected else len(selected(store, policy))
    conditions = _with_ready(
        policy, status.conditions, now, targets, protected=protected, overlapping=overlapping
    )
    for name, part in known.items():
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


def _with_ready(
    policy: HealingPolicy,
    conditions: tuple[Condition, ...],
    now: datetime,
    targets: int,
    *,
    protected: bool,
    overlapping: int,
) -> tuple[Condition, ...]:
    state, reason = Status.TRUE, Reason.POLICY_READY
    message = f"{policy.spec.mode.value}: {targets} workloads selected"
    if protected:
        state, reason = Status.FALSE, Reason.NAMESPACE_PROTECTED
        message = f"{policy.namespace} is protected: move the policy to the namespace that it is for"
    elif overlapping:
        reason = Reason.OVERLAPPING
        message = (
            f"{message}; {overlapping} of its unhealthy targets belong to a policy that comes first by name"
        )
    return with_condition(conditions, "Ready", state, reason, message, now=now, generation=policy.generation)
