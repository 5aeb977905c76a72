"""When something may be done: days and hours by the clock of one place, and requests to pause."""

from enum import StrEnum
from typing import Annotated, Literal, get_args

from pydantic import Field

from planaria_operator.api.base import ApiModel, Text, Time
from planaria_operator.api.cel import rule, validations

HOUR = "([01][0-9]|2[0-3]):[0-5][0-9]"
Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
EVERY_DAY: tuple[Day, ...] = get_args(Day)


class WindowKind(StrEnum):
    ALLOW = "Allow"
    DENY = "Deny"


class ChangeWindow(ApiModel):
    """A span of hours on some days of the week, by the clocks of one time zone."""

    kind: Annotated[
        WindowKind,
        Field(
            description="Allow: with any such window, nothing is done outside of them. Deny: nothing is done inside; it wins."
        ),
    ]
    days: Annotated[
        tuple[Day, ...],
        Field(
            min_length=1,
            max_length=7,
            description="Days on which the window begins, Monday to Sunday. Default: every day.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ] = EVERY_DAY
    start: Annotated[
        str,
        Field(
            max_length=5,
            description="When it begins, as HH:MM.",
            json_schema_extra=validations(
                rule(f"self.matches('^{HOUR}$')", 'start must be a time of day such as "22:00"')
            ),
        ),
    ] = "00:00"
    end: Annotated[
        str,
        Field(
            max_length=5,
            description="When it ends, as HH:MM. At or before start means on the next day.",
            json_schema_extra=validations(
                rule(
                    f"self.matches('^({HOUR}|24:00)$')",
                    'end must be a time of day such as "06:00", or "24:00"',
                )
            ),
        ),
    ] = "24:00"
    time_zone: Annotated[
        str,
        Field(
            min_length=1,
            max_length=64,
            description="Whose clocks: a name of the IANA time zone database, such as Europe/Berlin.",
            json_schema_extra=validations(
                rule(
                    "self.matches('^[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+)*$')",
                    "timeZone must be a name of the IANA time zone database, such as Europe/Berlin or UTC",
                ),
                # Reading a clock of a zone that does not exist is an error, and an error is a refusal.
                rule(
                    "timestamp('2000-01-01T00:00:00Z').getFullYear(self) > 0",
                    "timeZone must be a name that the API server knows, such as Europe/Berlin or UTC",
                ),
            ),
        ),
    ] = "UTC"


class PauseRequest(ApiModel):
    """Somebody who wants nothing new to be begun, and why."""

    requester: Annotated[
        str,
        Field(
            min_length=1, max_length=253, description="Who asks; a second request by the same replaces it."
        ),
    ]
    reason: Annotated[Text, Field(min_length=1, description="Why, for whoever wonders.")]
    until: Annotated[
        Time | None,
        Field(description="When the request ends by itself. Unset: it holds until it is removed."),
    ] = None
