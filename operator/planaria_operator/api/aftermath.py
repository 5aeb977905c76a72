"""What follows an action: the proof that it helped, the person who takes over, how long it is remembered."""

from typing import Annotated

from pydantic import ConfigDict, Field

from planaria_operator.api.base import ApiModel
from planaria_operator.api.cel import rule, validations
from planaria_operator.api.ladder import AT_MOST_TEN, Ladder, Rung
from planaria_operator.api.notification import Notify


class Verification(ApiModel):
    """How an action proves that it helped. What does not help is undone."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "self.stableForSeconds < self.timeoutSeconds",
                "stableForSeconds (default 30) must be less than timeoutSeconds: lower it or raise timeoutSeconds",
                field=".stableForSeconds",
            )
        )
    )

    timeout_seconds: Annotated[
        int,
        Field(
            ge=10,
            le=7200,
            description="How long the target has to become healthy after an action was applied.",
        ),
    ] = 180
    stable_for_seconds: Annotated[
        int, Field(ge=0, le=3600, description="How long it must then stay healthy to count as recovered.")
    ] = 30


class Escalation(ApiModel):
    """When a person takes over, what is tried before, and who is told."""

    model_config = AT_MOST_TEN

    max_attempts: Annotated[
        int, Field(ge=1, le=10, description="Actions tried for one incident before it is handed to a person.")
    ] = 3
    max_waits: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="Decisions to wait and look again in one incident before something else must be decided.",
        ),
    ] = 12
    ladder: Ladder = ()
    notify: Annotated[
        tuple[Notify, ...],
        Field(
            max_length=4,
            description="Who is told, each receiver once. The record says in status.notifications what became of it.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["receiver"]},
        ),
    ] = ()
    remind_after_seconds: Annotated[
        int | None,
        Field(
            ge=300,
            le=604800,
            description="While an escalation is open, whoever was told of it is reminded this often. Unset: never.",
        ),
    ] = None

    def rung(self, number: int) -> Rung | None:
        """The rung with this number, counted from 1; None above the last one."""
        return self.ladder[number - 1] if 1 <= number <= len(self.ladder) else None


class History(ApiModel):
    """How long finished Remediations are kept."""

    ttl_seconds_after_finished: Annotated[
        int,
        Field(
            ge=60,
            le=31536000,
            description="A finished Remediation is deleted after this long; 604800 is one week.",
        ),
    ] = 604800
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="At most this many finished Remediations are kept; the oldest go first.",
        ),
    ] = 100
