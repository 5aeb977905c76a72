"""HealingPolicy and ClusterHealingPolicy: what Planaria may heal, in one namespace or in many, and how far it may go."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from planaria_contract import Action
from planaria_operator.api.actions import DEFAULT_ACTIONS, AllowedAction, Mode
from planaria_operator.api.aftermath import Escalation, History, Verification
from planaria_operator.api.approval import ApprovalSettings
from planaria_operator.api.base import ApiModel, PolicyKey, PolicyKind
from planaria_operator.api.cel import validations
from planaria_operator.api.evidence_settings import EvidenceSettings
from planaria_operator.api.guardrails import Guardrails
from planaria_operator.api.ladder import LISTED
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.selector import LabelSelector
from planaria_operator.api.triggers import Triggers
from planaria_operator.api.windows import PauseRequest

TargetKind = Literal["Deployment", "StatefulSet", "DaemonSet", "Node"]


class DecideMode(StrEnum):
    RULES = "rules"
    SHADOW = "shadow"
    POLICY = "policy"


class Decide(ApiModel):
    """Who chooses the action."""

    mode: Annotated[
        DecideMode,
        Field(
            description="rules: the runbook decides. shadow (the default): the runbook decides, and what the learned policy "
            "would have done is recorded beside it. policy: the learned policy decides; the runbook does where the policy "
            "service does not answer in time. Guards and verification are the same in all three."
        ),
    ] = DecideMode.SHADOW


class HealingPolicySpec(ApiModel):
    """What Planaria may heal in this namespace, and how far it may go."""

    model_config = ConfigDict(json_schema_extra=validations(LISTED))

    mode: Annotated[
        Mode,
        Field(
            description="Observe (the default) records what would be done and does nothing. Recommend does the same and says it "
            "to people, as a recommendation. Approve asks a person first, and does exactly what was approved. Enforce does it. "
            "Both act within the guardrails. An action may have a mode of its own."
        ),
    ] = Mode.OBSERVE
    pause_requests: Annotated[
        tuple[PauseRequest, ...],
        Field(
            max_length=16,
            description="While there is any that has not ended, nothing new is begun. What is under way is verified, and undone "
            "where it does not help.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["requester"]},
        ),
    ] = ()
    selector: Annotated[
        LabelSelector,
        Field(description="Which workloads, by their labels. Empty selects all of them."),
    ] = LabelSelector()
    kinds: Annotated[
        tuple[TargetKind, ...],
        Field(
            min_length=1,
            max_length=4,
            description="Kinds of target: Deployment, StatefulSet, DaemonSet, Node (default: all four). Node means: when a node "
            "is lost, move the selected workloads' pods off it; "
            "the node itself is not repaired; `isolate`, in a ClusterHealingPolicy, closes it.",
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
            max_length=7,
            description="Actions that may be used, with their bounds. Default: restart, migrate, scale, resize and rollback with "
            "default bounds. An empty list leaves only escalating to a person.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = DEFAULT_ACTIONS
    decide: Annotated[Decide, Field(description="Who chooses the action.")] = Decide()
    guardrails: Annotated[
        Guardrails, Field(description="The brakes. Each refusal is recorded with its reason.")
    ] = Guardrails()
    approval: Annotated[ApprovalSettings, Field(description="How a person is asked, in mode Approve.")] = (
        ApprovalSettings()
    )
    verification: Annotated[
        Verification, Field(description="How an action proves that it helped; what does not help is undone.")
    ] = Verification()
    escalation: Annotated[
        Escalation, Field(description="When a person takes over, what is tried before, and who is told.")
    ] = Escalation()
    history: Annotated[History, Field(description="How long finished Remediations are kept.")] = History()

    def allows(self, action: Action) -> AllowedAction | None:
        """The entry for `action`, or None where the policy does not list it."""
        return next((entry for entry in self.actions if entry.type == action.value), None)

    def mode_of(self, action: Action) -> Mode:
        """The action's own mode, else the policy's."""
        entry = self.allows(action)
        return (entry and entry.mode) or self.mode

    def confidence_floor(self, action: Action) -> int:
        """Whole percents below which `action` is not done."""
        entry = self.allows(action)
        own = entry.min_confidence_percent if entry else None
        return self.guardrails.min_confidence_percent if own is None else own


class ClusterHealingPolicySpec(HealingPolicySpec):
    """What Planaria may heal in the namespaces that are chosen, and how far it may go."""

    namespace_selector: Annotated[
        LabelSelector,
        Field(
            description="Which namespaces, by their labels; kubernetes.io/metadata.name is the name. Empty chooses all of "
            "them. Protected ones are never among them."
        ),
    ] = LabelSelector()


class HealingPolicy(ApiModel):
    """One HealingPolicy or ClusterHealingPolicy as read from the API server."""

    name: str
    namespace: str = ""
    """Empty for a ClusterHealingPolicy."""
    uid: str
    generation: int = 1
    resource_version: str = ""
    spec: HealingPolicySpec = HealingPolicySpec()
    status: HealingPolicyStatus = HealingPolicyStatus()

    @property
    def cluster_wide(self) -> bool:
        """True for a ClusterHealingPolicy: it may reach into many namespaces, and act on nodes themselves."""
        return not self.namespace

    @property
    def kind(self) -> PolicyKind:
        return "ClusterHealingPolicy" if self.cluster_wide else "HealingPolicy"

    @property
    def key(self) -> PolicyKey:
        """What tells it from every other policy, of either kind."""
        return (self.namespace, self.name)

    @property
    def label(self) -> str:
        """In metrics and in the log: `namespace/name`, or the name alone of a ClusterHealingPolicy."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class ClusterHealingPolicy(HealingPolicy):
    """The same for many namespaces: its `namespace` is empty."""

    spec: ClusterHealingPolicySpec = ClusterHealingPolicySpec()
