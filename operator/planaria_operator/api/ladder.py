"""The escalation ladder: which actions are tried first, for how long, and how often; above its last rung stands a person."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field

from planaria_contract import Action
from planaria_operator.api.actions import ActionName
from planaria_operator.api.base import ApiModel, Time
from planaria_operator.api.cel import rule, validations

MOST_ATTEMPTS: Final = 10
"""As many as a Remediation holds, whatever a ladder says."""


class Rung(ApiModel):
    """One rung: the actions that may be used on it, how often, and for how long."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=63,
            description="What it is called in records, such as gentle, firm or drastic. Each name once.",
            json_schema_extra=validations(
                rule(
                    "self.matches('^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$')",
                    "a rung's name has only letters, digits and '-' inside, such as gentle",
                )
            ),
        ),
    ]
    actions: Annotated[
        tuple[ActionName, ...],
        Field(
            min_length=1,
            max_length=7,
            description="The actions that may be used on this rung, of those that spec.actions lists.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ]
    attempts: Annotated[
        int, Field(ge=1, le=MOST_ATTEMPTS, description="How many actions are tried on this rung.")
    ] = 1
    timeout_seconds: Annotated[
        int,
        Field(
            ge=30,
            le=86400,
            description="How long an incident may stay on this rung, counted from when it came to it. What is under way then is "
            "verified, and undone where it does not help. It begins anew after mode, pause, breaker or storm have held "
            "everything.",
        ),
    ] = 600

    def allows(self, action: Action) -> bool:
        return action.value in self.actions


Ladder = Annotated[
    tuple[Rung, ...],
    Field(
        max_length=8,
        description="What is tried in which order, from the gentlest rung to the most drastic; after the last one a person takes "
        "over. A rung is left when its attempts are used up, its time is over, or nothing on it is possible. Without one: "
        "every action from the beginning, maxAttempts times. With one, maxAttempts is not looked at.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    ),
]

AT_MOST_TEN: Final = ConfigDict(
    json_schema_extra=validations(
        rule(
            f"!has(self.ladder) || self.ladder.map(r, r.attempts).sum() <= {MOST_ATTEMPTS}",
            f"the rungs' attempts add up to more than {MOST_ATTEMPTS}, the most for one incident: lower attempts",
            field=".ladder",
        )
    )
)
LISTED: Final = rule(
    "!has(self.escalation) || !has(self.escalation.ladder) || !has(self.actions) || "
    "self.escalation.ladder.all(r, r.actions.all(a, self.actions.exists(x, x.type == a)))",
    "every action of a rung must be listed in spec.actions: add it there, or take it off the rung",
    field=".escalation.ladder",
)
"""Of the whole spec, because it compares two of its parts."""


class RungStatus(ApiModel):
    """Where on the ladder an incident stands."""

    number: Annotated[int, Field(ge=1, le=8, description="1 for the first.")]
    name: Annotated[str, Field(max_length=63, description="What the policy called it then.")]
    entered_at: Annotated[Time, Field(description="Since when its time runs.")]
    attempts_before: Annotated[
        int, Field(ge=0, le=MOST_ATTEMPTS, description="Attempts that were made on the rungs below.")
    ] = 0

    def __str__(self) -> str:
        return f"{self.name} (rung {self.number})"
