"""How far a drain has come. Each round is written down before anything of it is sent."""

from typing import Annotated, Final

from pydantic import Field

from planaria_operator.api.base import ApiModel, Time
from planaria_operator.api.plan import MOST_CALLS, ObjectReference

MOST_SAID: Final = 256


class HeldPod(ApiModel):
    """A pod whose eviction was refused."""

    pod: Annotated[ObjectReference, Field(description="The pod that is still on the node.")]
    message: Annotated[str, Field(max_length=MOST_SAID, description="What the API server said.")] = ""
    retried: Annotated[
        bool,
        Field(description="True where it is tried again, because a disruption budget may allow it later."),
    ] = True


class ReadyBeside(ApiModel):
    """What a workload with pods in the round had when the round began; so much it must have again before the next."""

    workload: Annotated[ObjectReference, Field(description="Whose pods are moved.")]
    ready: Annotated[int, Field(ge=0, description="Its ready pods that the round does not touch.")]
    moving: Annotated[int, Field(ge=1, description="Its pods in the round.")]


class DrainRecord(ApiModel):
    total: Annotated[int, Field(ge=0, description="Pods that the plan moves.")]
    moved: Annotated[int, Field(ge=0, description="Pods whose eviction was accepted.")] = 0
    tried: Annotated[int, Field(ge=0, description="Pods, in the plan's order, that have had their turn.")] = 0
    round: Annotated[
        int, Field(ge=0, description="Number of the latest round; 0 while the node is only closed.")
    ] = 0
    pods: Annotated[
        tuple[ObjectReference, ...], Field(max_length=MOST_CALLS, description="Pods of the latest round.")
    ] = ()
    beside: Annotated[
        tuple[ReadyBeside, ...],
        Field(max_length=MOST_CALLS, description="What has to be ready again before the next round."),
    ] = ()
    held: Annotated[
        tuple[HeldPod, ...],
        Field(
            max_length=MOST_CALLS,
            description="Pods that could not be evicted so far, those tried longest ago first.",
        ),
    ] = ()
    progress_at: Annotated[
        Time,
        Field(
            description="When the latest round began that followed on a pod being moved. The time-out runs from here."
        ),
    ]
    sent_at: Annotated[
        Time | None, Field(description="When every eviction of the latest round had its answer.")
    ] = None
