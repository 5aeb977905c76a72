"""What may be done, how far each action may go, and whether it is done or only said."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from planaria_operator.api.base import ApiModel, Percent
from planaria_operator.api.cel import rule, validations

Word = Annotated[str, Field(min_length=1, max_length=512)]
"""One argument of a command."""


ActionName = Literal["restart", "migrate", "scale", "resize", "rollback", "isolate", "reload"]
"""What a policy may list; waiting and escalating need no leave."""


class Mode(StrEnum):
    OBSERVE = "Observe"
    RECOMMEND = "Recommend"
    APPROVE = "Approve"
    ENFORCE = "Enforce"


class GitOps(StrEnum):
    REFUSE = "Refuse"
    OVERRIDE = "Override"


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
                "!has(self.maxPods) || self.type in ['restart', 'migrate', 'isolate', 'reload']",
                "maxPods bounds the actions restart, migrate, isolate and reload only: remove it here",
                field=".maxPods",
            ),
            rule(
                "!has(self.maxNodes) || self.type == 'isolate'",
                "maxNodes bounds the action isolate only: remove it here",
                field=".maxNodes",
            ),
            rule(
                "has(self.command) == (self.type == 'reload')",
                "command is what the action reload runs: it must be given for reload, as a list of words, and for nothing else",
                field=".command",
            ),
            rule(
                "!has(self.container) || self.type == 'reload'",
                "container says where the action reload runs its command: remove it here",
                field=".container",
            ),
            rule(
                "!has(self.raiseAutoscalerBounds) || self.type == 'scale'",
                "raiseAutoscalerBounds belongs to the action scale only: remove it here",
                field=".raiseAutoscalerBounds",
            ),
            rule(
                "!has(self.gitOps) || self.type in ['scale', 'resize', 'rollback']",
                "gitOps belongs to the actions scale, resize and rollback only: remove it here",
                field=".gitOps",
            ),
        )
    )

    type: Annotated[
        ActionName,
        Field(
            description="restart, migrate, scale, resize, rollback, isolate or reload. What is not listed is never done; "
            "escalating to a person always may be. isolate needs a ClusterHealingPolicy, reload a command."
        ),
    ]
    mode: Annotated[
        Mode | None,
        Field(
            description="Observe, Recommend, Approve or Enforce for this action alone. Unset: the policy's mode. Beside an action "
            "that is enforced, or done once approved, one that is only observed is passed over for the next best."
        ),
    ] = None
    min_confidence_percent: Annotated[
        Percent | None,
        Field(
            description="Not done where the fault is less sure than this. Unset: guardrails.minConfidencePercent."
        ),
    ] = None
    max_replicas: Annotated[
        int | None,
        Field(
            ge=1,
            le=10000,
            description="scale: never above this many replicas, nor an autoscaler's bounds above it. Default 10.",
        ),
    ] = None
    raise_autoscaler_bounds: Annotated[
        bool | None,
        Field(
            description="scale, where a HorizontalPodAutoscaler or a ScaledObject of KEDA owns the replica count: whether its "
            "maximum (or, where it cannot read its metrics, its minimum) may be raised, up to maxReplicas. False: such a "
            "workload is never scaled. Default true."
        ),
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
            ge=1,
            le=1000,
            description="restart, migrate, isolate and reload: never more pods are evicted, or run the command, at once than "
            "this. What a restart of the whole workload replaces besides goes at the pace of its update strategy, which neither "
            "this nor a disruption budget holds. Default 10.",
        ),
    ] = None
    max_nodes: Annotated[
        int | None,
        Field(
            ge=1,
            le=100,
            description="isolate: never more nodes that Planaria has cordoned at the same time than this. Default 1.",
        ),
    ] = None
    command: Annotated[
        tuple[Word, ...] | None,
        Field(
            min_length=1,
            max_length=16,
            description="reload: the program and its arguments, run as they stand in a container of each affected pod. There is "
            "no shell and nothing is filled in; nothing that was read in a log ever becomes part of it.",
        ),
    ] = None
    container: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=63,
            pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            description="reload: the container that the command is run in. Unset: the one that the pod's annotation "
            "kubectl.kubernetes.io/default-container names, else its first.",
        ),
    ] = None
    git_ops: Annotated[
        GitOps | None,
        Field(
            description="scale, resize and rollback, where Argo CD or Flux writes what would be changed: Refuse, or Override "
            "where the controller is told to leave to Planaria what Planaria wrote. Default Refuse."
        ),
    ] = None

    @property
    def raises_bounds(self) -> bool:
        return self.raise_autoscaler_bounds is not False

    @property
    def overrides_git(self) -> bool:
        return self.git_ops is GitOps.OVERRIDE


DEFAULT_ACTIONS = (
    AllowedAction(type="restart", max_pods=10),
    AllowedAction(type="migrate", max_pods=10),
    AllowedAction(type="scale", max_replicas=10),
    AllowedAction(type="resize", max_ratio_percent=300),
    AllowedAction(type="rollback"),
)
"""Without isolate, which concerns everything on a node, and without reload, for which a person has to name a command."""
