"""Who is told of an incident, of what, and what became of telling them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from planaria_operator.api.base import ApiModel, Name, Text, Time


class NotifyEvent(StrEnum):
    """What a receiver may ask to be told of."""

    ESCALATED = "Escalated"
    RESOLVED = "Resolved"
    AWAITING_APPROVAL = "AwaitingApproval"


REMINDER = "Reminder"
"""Sent to whoever was told of an escalation that is still open; asked for by `remindAfterSeconds`."""

RECEIVER_PATTERN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


class Notify(ApiModel):
    """One receiver that is told of this policy's incidents."""

    receiver: Annotated[
        str,
        Field(
            min_length=1,
            max_length=63,
            pattern=RECEIVER_PATTERN,
            description="Name of a receiver that the operator knows (chart: notifications.receivers). Addresses are secrets "
            "of whoever runs the operator and never stand in a policy.",
        ),
    ]
    events: Annotated[
        tuple[NotifyEvent, ...],
        Field(
            min_length=1,
            max_length=3,
            description="Escalated (the default): a person has to take over. Resolved: the target is well again, or gone, after that. "
            "AwaitingApproval: an action waits for a person's approval.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ] = (NotifyEvent.ESCALATED,)


class NotificationState(StrEnum):
    PENDING = "Pending"
    SENT = "Sent"
    FAILED = "Failed"


class Notification(ApiModel):
    """One message to one receiver. It is written before it is sent, so that a restarted operator sends what is pending."""

    receiver: Annotated[Name, Field(description="Who is told.")]
    event: Annotated[
        str, Field(max_length=32, description="Of what: Escalated, Resolved, AwaitingApproval or Reminder.")
    ]
    number: Annotated[int, Field(ge=1, description="How often this event was told to the receiver.")] = 1
    state: Annotated[
        NotificationState,
        Field(description="Pending: it is being sent. Sent: the receiver took it. Failed: given up."),
    ] = NotificationState.PENDING
    requested_at: Annotated[Time, Field(description="When there was something to tell.")]
    attempts: Annotated[int, Field(ge=0, description="How often it was tried.")] = 0
    next_try_at: Annotated[Time | None, Field(description="Not tried again before this time.")] = None
    last_error: Annotated[Text, Field(description="What went wrong the last time.")] = ""
    sent_at: Annotated[Time | None, Field(description="When the receiver had taken it.")] = None

    @property
    def pending(self) -> bool:
        return self.state is NotificationState.PENDING

    @property
    def key(self) -> tuple[str, str]:
        return self.receiver, self.event
