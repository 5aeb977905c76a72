"""A plan is exactly what will be sent to the API server, written down before anything is sent.

It is what a person reviews, what a dry run sends, what the record keeps, and what a restarted operator finishes.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from planaria_contract import Action
from planaria_operator.api.base import ApiModel, Name

MOST_CALLS: Final = 256
"""As many as a plan can hold: a node's cordon, and the eviction of everything on it."""


class Verb(StrEnum):
    EVICT = "Evict"
    """Create a pods/eviction with the pod's uid as precondition; a budget may refuse it."""
    PATCH = "Patch"
    """JSON Patch that first tests the object's uid."""
    SCALE = "Scale"
    """Set /scale from one replica count to another."""
    RESIZE = "Resize"
    """Strategic merge patch on pods/resize."""
    AVOID = "Avoid"
    """Add a PreferNoSchedule taint of Planaria's to a node, so that a pod lands elsewhere."""
    UNAVOID = "Unavoid"
    """Take that taint off again."""
    CORDON = "Cordon"
    """Set spec.unschedulable of a node, with the marks that say whose cordon it is."""
    UNCORDON = "Uncordon"
    """Take that back, where the cordon is still Planaria's."""
    EXEC = "Exec"
    """Run one command in a container of a pod, after the pod was marked: at most once."""


class ObjectReference(ApiModel):
    model_config = ConfigDict(json_schema_extra={"x-kubernetes-map-type": "atomic"})

    kind: Annotated[
        str, Field(min_length=1, max_length=63, description="Kind of the object, such as Deployment.")
    ]
    namespace: Annotated[str | None, Field(max_length=63, description="Empty for a node.")] = None
    name: Annotated[Name, Field(description="Name of the object.")]
    uid: Annotated[
        str | None, Field(max_length=64, description="Identity: a namesake made later is another object.")
    ] = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class Operation(ApiModel):
    """One call. Sending it twice does what sending it once does; a command is not even begun twice."""

    verb: Annotated[Verb, Field(description="Which call is made.")]
    object: Annotated[ObjectReference, Field(description="The object that the call is made on.")]
    body: Annotated[
        str,
        Field(
            max_length=65536,
            description="Patch and Resize: the JSON that is sent, byte for byte. Cordon: the marks that are set on the node. "
            "Exec: container and command.",
        ),
    ] = ""
    from_replicas: Annotated[
        int | None, Field(ge=0, description="Scale: the count that it was planned on.")
    ] = None
    to_replicas: Annotated[int | None, Field(ge=0, description="Scale: the count that is set.")] = None
    best_effort: Annotated[
        bool,
        Field(
            description="True where the plan still helps without this call, such as a resize in place that a node "
            "cannot grant: a refusal is noted and the plan goes on."
        ),
    ] = False


class Plan(ApiModel):
    action: Annotated[Action, Field(description="The category that this carries out.")]
    target: Annotated[ObjectReference, Field(description="What is acted on.")]
    summary: Annotated[
        str, Field(max_length=512, description="The change in one sentence, with the old and new values.")
    ]
    harm: Annotated[str, Field(max_length=512, description="What it can do wrong, in one sentence.")] = ""
    operations: Annotated[
        tuple[Operation, ...], Field(max_length=MOST_CALLS, description="The calls, in order.")
    ]
    at_once: Annotated[
        int | None,
        Field(
            ge=1,
            description="Set where the evictions are made in rounds: so many at once, the next ones when those are ready again.",
        ),
    ] = None
    inverse: Annotated[
        tuple[Operation, ...],
        Field(max_length=64, description="The calls that undo it; empty where it cannot be undone."),
    ] = ()
    cleanup: Annotated[
        tuple[Operation, ...],
        Field(max_length=64, description="Calls made once the attempt is over, whether it helped or not."),
    ] = ()

    @property
    def digest(self) -> str:
        """A hash of exactly what would be applied, long enough that nobody finds two plans with the same one."""
        lines = [operation.model_dump_json(by_alias=True) for operation in self.operations]
        if self.at_once is not None:
            lines.append(f"atOnce {self.at_once}")
        text = "\n".join(lines)
        return hashlib.sha256(text.encode()).hexdigest()[:32]
