"""What counts as a fault, and for how long it must last."""

from typing import Annotated

from pydantic import Field

from planaria_operator.api.base import ApiModel


class RestartTrigger(ApiModel):
    """Restarts that count as a fault."""

    count: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Restarts of one container of a pod within the window that open an incident.",
        ),
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
            description="A container that waits in CrashLoopBackOff, ErrImagePull, ImagePullBackOff, ErrImageNeverPull, "
            "InvalidImageName, ImageInspectError, RegistryUnavailable, SignatureValidationFailed, "
            "CreateContainerConfigError, CreateContainerError or RunContainerError for this long opens an incident.",
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
