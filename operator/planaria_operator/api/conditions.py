"""Conditions as the Kubernetes API conventions define them."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from planaria_operator.api.base import ApiModel, Time
from planaria_operator.api.reasons import Reason


class Status(StrEnum):
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiModel):
    type: Annotated[str, Field(max_length=64, description="What the condition is about, in CamelCase.")]
    status: Annotated[Status, Field(description="True, False or Unknown.")]
    reason: Annotated[
        str,
        Field(
            min_length=1, max_length=128, description="A stable code, listed in docs/reference/reasons.md."
        ),
    ]
    message: Annotated[str, Field(max_length=1024, description="One sentence for a person.")] = ""
    last_transition_time: Annotated[Time, Field(description="When `status` last changed.")]
    observed_generation: Annotated[
        int | None, Field(description="The generation of the spec that this was said of.")
    ] = None


def with_condition(
    conditions: Iterable[Condition],
    type_: str,
    status: Status,
    reason: Reason,
    message: str,
    *,
    now: datetime,
    generation: int | None = None,
) -> tuple[Condition, ...]:
    """The list with one condition set; its transition time moves only where its status flips."""
    kept = {condition.type: condition for condition in conditions}
    before = kept.get(type_)
    since = before.last_transition_time if before and before.status is status else now
    kept[type_] = Condition(
        type=type_,
        status=status,
        reason=reason,
        message=message[:1024],
        last_transition_time=since,
        observed_generation=generation,
    )
    return tuple(kept.values())
