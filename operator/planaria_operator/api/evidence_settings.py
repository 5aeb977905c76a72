"""What a HealingPolicy says of evidence: how much is read, and what is blackened."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from planaria_operator.api.base import ApiModel
from planaria_operator.api.cel import rule, validations

BuiltIn = Literal["email", "cards", "addresses", "phones"]
"""A group of built-in patterns that a policy may do without."""
BUILT_IN: Final[tuple[BuiltIn, ...]] = get_args(BuiltIn)


class PrometheusQuery(ApiModel):
    """A series to read as evidence. It is sent as written, with the target's labels filled in and quoted."""

    name: Annotated[
        str,
        Field(
            max_length=63,
            description="What the series is called in the record, in snake_case.",
            json_schema_extra=validations(
                rule(
                    "self.matches('^[a-z][a-z0-9_]*$')",
                    "name must be in snake_case, such as error_rate: small letters, digits and '_', a letter first",
                )
            ),
        ),
    ]
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1024,
            description="PromQL. $namespace and $name stand for the quoted namespace and name of the target.",
        ),
    ]


class EvidenceSettings(ApiModel):
    """How much is read when an incident opens, and what is blackened."""

    log_lines: Annotated[
        int, Field(ge=10, le=1000, description="Lines read from the end of each container's log.")
    ] = 100
    queries: Annotated[
        tuple[PrometheusQuery, ...],
        Field(
            max_length=8,
            description="Series read from Prometheus, where the operator is configured with one.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    redact: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=256)], ...],
        Field(
            max_length=16,
            description="Regular expressions (Python syntax) blackened in log lines and messages, besides the built-in "
            "ones. Text that a pattern cannot be applied to (it is invalid, or takes too long) is withheld.",
        ),
    ] = ()
    redact_built_in: Annotated[
        tuple[BuiltIn, ...],
        Field(
            max_length=4,
            description="What is blackened besides passwords, tokens, keys and certificates, which always are: email, cards, "
            "addresses (public IP and MAC addresses) and phones (default: all four). An empty list leaves them all readable.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ] = BUILT_IN
