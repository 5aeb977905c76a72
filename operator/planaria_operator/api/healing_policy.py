"""HealingPolicy: what Planaria may heal in one namespace, and how far it may go."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from planaria_contract import Action
from planaria_operator.api.base import ApiModel, Name, Time
from planaria_operator.api.cel import rule, validations
from planaria_operator.api.conditions import Condition
from planaria_operator.api.evidence_settings import EvidenceSettings
from planaria_operator.api.selector import LabelSelector as LabelSelector  # noqa: PLC0414  exported again
from planaria_operator.api.selector import SelectorRequirement as SelectorRequirement  # noqa: PLC0414  exported again


class Mode(StrEnum):
    OBSERVE = "Observe"
    ENFORCE = "Enforce"


TargetKind = Literal["Deployment", "StatefulSet", "DaemonSet", "Node"]


class RestartTrigger(ApiModel):
    """Restarts that count as a fault."""

    count: Annotated[
        int, Field(ge=1, le=100, description="Restarts of one pod within the window that open an incident.")
    ] = 3
    window_seconds: Annotated[
        int, Field(ge=60, le=86400, description="Length of the sliding window, in seconds.")
    ] = 600


class Triggers(ApiModel):
    """What counts as a fault, and for how long it must last. A weak sign waits longer than a sure one."""

    not_ready_for_seconds: Annotated[
        int,
        Field(
            ge=5,
            le=3600,
            description="A pod that was ready and is not ready for this long opens an incident. Pods that are still "
            "starting within their rollout's progress deadline do not count.",
        ),
    ] = 30
    restarts: Annotated[
        RestartTrigger, Field(description="Restarts within a window that open an incident.")
    ] = RestartTrigger()
    waiting_for_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=3600,
            description="A container that waits in CrashLoopBackOff, ImagePullBackOff, ErrImagePull, InvalidImageName, "
            "CreateContainerConfigError or CreateContainerError for this long opens an incident.",
        ),
    ] = 10
    unschedulable_for_seconds: Annotated[
        int,
        Field(
            ge=5,
            le=3600,
            description="A pod that the scheduler cannot place for this long opens an incident.",
        ),
    ] = 60
    node_not_ready_for_seconds: Annotated[
        int,
        Field(
            ge=5,
            le=3600,
            description="A node whose Ready condition is not True for this long opens an incident, on top of the grace "
            "period after which Kubernetes itself declares it lost (40 s by default).",
        ),
    ] = 30


class AllowedAction(ApiModel):
    """One action that may be used, with its bounds."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!has(self.maxReplicas) || self.type == 'scale'",
                "maxReplicas bounds the action scale only: remove it here",
                field=".maxReplicas",
            ),
            rule(
                "!has(self.maxRatioPercent) || self.type == 'resize'",
                "maxRatioPercent bounds the action resize only: remove it here",
                field=".maxRatioPercent",
            ),
            rule(
                "!has(self.maxPods) || self.type in ['restart', 'migrate']",
                "maxPods bounds the actions restart and migrate only: remove it here",
                field=".maxPods",
            ),
        )
    )

    type: Annotated[
        Literal["restart", "migrate", "scale", "resize", "rollback"],
        Field(
            description="restart, migrate, scale, resize or rollback. What is not listed is never done; escalating to a person "
            "always may be."
        ),
    ]
    max_replicas: Annotated[
        int | None,
        Field(ge=1, le=10000, description="scale: never above this many replicas. Default 10."),
    ] = None
    max_ratio_percent: Annotated[
        int | None,
        Field(
            ge=100,
            le=1000,
            description="resize: never above this share of what the container had when the incident opened. "
            "Default 300.",
        ),
    ] = None
    max_pods: Annotated[
        int | None,
        Field(
            ge=1, le=1000, description="restart and migrate: never more pods at once than this. Default 10."
        ),
    ] = None


class Budget(ApiModel):
    """How often Planaria may act for this policy at all."""

    actions: Annotated[
        int, Field(ge=0, le=1000, description="Actions within the window. 0 forbids every action.")
    ] = 10
    window_seconds: Annotated[
        int, Field(ge=60, le=86400, description="Length of the sliding window, in seconds.")
    ] = 3600


class Guardrails(ApiModel):
    """The brakes. Each refusal is recorded with a stable reason."""

    cooldown_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=86400,
            description="After an incident's action on a target, no new incident acts on the same target for this long. "
            "The rungs of one incident do not wait for each other.",
        ),
    ] = 300
    budget: Annotated[
        Budget,
        Field(
            description="Actions allowed in a sliding window, 10 an hour by default. Reserved in status before acting, "
            "so a restart forgets nothing."
        ),
    ] = Budget()
    min_healthy: Annotated[
        int | str,
        Field(
            description='Number, or share such as "50%" (rounded up), of the *other* workloads that this policy selects '
            "(for a node: of the other nodes) that must be healthy. With fewer, many things are broken at once, a common "
            "cause is likely, and nothing new is started. A workload under remediation counts as unhealthy. "
            '0 switches the check off; "100%" acts only while everything else is well.',
            json_schema_extra={
                "x-kubernetes-int-or-string": True,
                "maxLength": 6,
                **validations(
                    rule(
                        "type(self) == int ? self >= 0 && self <= 100000 : self.matches('^(100|[0-9]{1,2})%$')",
                        'minHealthy must be a whole number (such as 2) or a share from 0% to 100% (such as "50%")',
                    )
                ),
            },
        ),
    ] = "50%"


class Verification(ApiModel):
    """How an action proves that it helped. What does not help is undone."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "self.stableForSeconds < self.timeoutSeconds",
                "stableForSeconds (default 30) must be less than timeoutSeconds: lower it or raise timeoutSeconds",
                field=".stableForSeconds",
            )
        )
    )

    timeout_seconds: Annotated[
        int,
        Field(
            ge=10,
            le=7200,
            description="How long the target has to become healthy after an action was applied.",
        ),
    ] = 180
    stable_for_seconds: Annotated[
        int, Field(ge=0, le=3600, description="How long it must then stay healthy to count as recovered.")
    ] = 30


class Escalation(ApiModel):
    """When a person takes over."""

    max_attempts: Annotated[
        int, Field(ge=1, le=10, description="Actions tried for one incident before it is handed to a person.")
    ] = 3


class History(ApiModel):
    """How long finished Remediations are kept."""

    ttl_seconds_after_finished: Annotated[
        int,
        Field(
            ge=60,
            le=31536000,
            description="A finished Remediation is deleted after this long; 604800 is one week.",
        ),
    ] = 604800
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="At most this many finished Remediations are kept; the oldest go first.",
        ),
    ] = 100


DEFAULT_ACTIONS = (
    AllowedAction(type="restart", max_pods=10),
    AllowedAction(type="migrate", max_pods=10),
    AllowedAction(type="scale", max_replicas=10),
    AllowedAction(type="resize", max_ratio_percent=300),
    AllowedAction(type="rollback"),
)


class HealingPolicySpec(ApiModel):
    """What Planaria may heal in this namespace, and how far it may go."""

    mode: Annotated[
        Mode,
        Field(
            description="Observe (the default) records what would be done and does nothing. Enforce does it, within the "
            "guardrails."
        ),
    ] = Mode.OBSERVE
    selector: Annotated[
        LabelSelector,
        Field(description="Which workloads of this namespace, by their labels. Empty selects all of them."),
    ] = LabelSelector()
    kinds: Annotated[
        tuple[TargetKind, ...],
        Field(
            min_length=1,
            max_length=4,
            description="Kinds of target: Deployment, StatefulSet, DaemonSet, Node (default: all four). Node means: when a node "
            "is lost, move this namespace's selected pods off it; "
            "the node itself is not touched.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ] = ("Deployment", "StatefulSet", "DaemonSet", "Node")
    triggers: Annotated[
        Triggers, Field(description="What counts as a fault, and for how long it must last.")
    ] = Triggers()
    evidence: Annotated[
        EvidenceSettings, Field(description="How much is read when an incident opens, and what is blackened.")
    ] = EvidenceSettings()
    actions: Annotated[
        tuple[AllowedAction, ...],
        Field(
            max_length=5,
            description="Actions that may be used, with their bounds. Default: all of them with default bounds. An empty "
            "list leaves only escalating to a person.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = DEFAULT_ACTIONS
    guardrails: Annotated[
        Guardrails, Field(description="The brakes. Each refusal is recorded with its reason.")
    ] = Guardrails()
    verification: Annotated[
        Verification, Field(description="How an action proves that it helped; what does not help is undone.")
    ] = Verification()
    escalation: Annotated[Escalation, Field(description="When a person takes over.")] = Escalation()
    history: Annotated[History, Field(description="How long finished Remediations are kept.")] = History()

    def allows(self, action: Action) -> AllowedAction | None:
        """The entry for `action`, or None where the policy does not list it."""
        return next((entry for entry in self.actions if entry.type == action.value), None)


class Reservation(ApiModel):
    """One action counted against the budget. It is written before the action is applied."""

    remediation: Annotated[Name, Field(description="The Remediation that acts.")]
    attempt: Annotated[int, Field(ge=1, le=100, description="Which of its attempts.")]
    target: Annotated[str, Field(max_length=512, description="Kind/name of what is acted on.")]
    time: Annotated[Time, Field(description="When it was reserved.")]


class HealingPolicyStatus(ApiModel):
    """What Planaria makes of the policy now."""

    observed_generation: Annotated[
        int | None, Field(description="The generation of the spec that is in force.")
    ] = None
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=16,
            description="Ready: the policy is in force. MetricsAvailable: Prometheus answers.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    targets: Annotated[int, Field(ge=0, description="Workloads that the policy selects.")] = 0
    unhealthy: Annotated[int, Field(ge=0, description="How many of them are not healthy now.")] = 0
    active: Annotated[int, Field(ge=0, description="Remediations that are not finished.")] = 0
    reservations: Annotated[
        tuple[Reservation, ...],
        Field(
            max_length=1000,
            description="Actions counted against the budget, oldest first; those older than the window are dropped.",
        ),
    ] = ()


class HealingPolicy(ApiModel):
    """One HealingPolicy as read from the API server."""

    name: str
    namespace: str
    uid: str
    generation: int = 1
    resource_version: str = ""
    spec: HealingPolicySpec = HealingPolicySpec()
    status: HealingPolicyStatus = HealingPolicyStatus()
