"""What may be done, how far each action may go, and whether it is done or only said."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from planaria_operator.api.base import ApiModel, Percent
from planaria_operator.api.cel import rule, validations


class Mode(StrEnum):
    OBSERVE = "Observe"
    RECOMMEND = "Recommend"
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
                "!has(self.maxPods) || self.type in ['restart', 'migrate']",
                "maxPods bounds the actions restart and migrate only: remove it here",
                field=".maxPods",
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
        Literal["restart", "migrate", "scale", "resize", "rollback"],
        Field(
            description="restart, migrate, scale, resize or rollback. What is not listed is never done; escalating to a person "
            "always may be."
        ),
    ]
    mode: Annotated[
        Mode | None,
        Field(
            description="Observe, Recommend or Enforce for this action alone. Unset: the policy's mode. Beside an action that is "
            "enforced, one that is only observed is passed over for the next best."
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
            ge=1, le=1000, description="restart and migrate: never more pods at once than this. Default 10."
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
