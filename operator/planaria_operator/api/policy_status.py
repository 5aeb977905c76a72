"""What Planaria writes into a HealingPolicy or ClusterHealingPolicy: what it makes of it now, and what its brakes must not forget."""

from typing import Annotated

from pydantic import Field

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.base import ApiModel, Name, Text, Time
from planaria_operator.api.conditions import Condition


class Remembered(ApiModel):
    """An attempt that a brake must not forget. It outlives its Remediation, and a record that a person deletes is opened anew
    under the same name: the uid tells the two apart.
    """

    remediation: Annotated[Name, Field(description="The Remediation that acts.")]
    uid: Annotated[
        str,
        Field(max_length=36, description="Of the Remediation; empty where an older version wrote it."),
    ] = ""
    attempt: Annotated[int, Field(ge=1, le=100, description="Which of its attempts.")]

    def is_of(self, remediation: str, uid: str) -> bool:
        return self.remediation == remediation and self.uid in {uid, ""}

    def is_same(self, other: "Remembered") -> bool:
        """Whether `other`, which has a uid, is this attempt, written again."""
        return self.is_of(other.remediation, other.uid) and self.attempt == other.attempt


class Reservation(Remembered):
    """One action counted against the budget. It is written before the action is applied."""

    target: Annotated[str, Field(max_length=512, description="Kind/name of what is acted on.")]
    namespace: Annotated[
        str,
        Field(
            max_length=63,
            description="Namespace whose budget it counts against; empty: that of the policy, where it has one.",
        ),
    ] = ""
    time: Annotated[Time, Field(description="When it was reserved.")]


class Failure(Remembered):
    """One action that failed, or did not help."""

    action: Annotated[
        str, Field(max_length=1024, description="Action, target and the parameters that matter.")
    ]
    outcome: Annotated[
        AttemptOutcome,
        Field(
            description="Failed: it could not be carried out. Ineffective: it did not help and was undone."
        ),
    ]
    time: Annotated[Time, Field(description="When it was given up.")]
    recovered: Annotated[
        bool,
        Field(
            description="Whether a later attempt of the Remediation helped: the breaker does not count it then."
        ),
    ] = False


class StormStatus(ApiModel):
    """The storm that is on. Cleared when it has passed."""

    since: Annotated[Time, Field(description="When it began.")]
    calm_since: Annotated[Time | None, Field(description="Since when it is calm; unset while it rages.")] = (
        None
    )
    why: Annotated[Text, Field(description="What was counted, in words.")] = ""


class BreakerStatus(ApiModel):
    """Where the breaker stands."""

    opened_at: Annotated[Time | None, Field(description="When it opened; unset while it is closed.")] = None
    closed_at: Annotated[
        Time | None, Field(description="When a person last closed it; earlier failures do not count.")
    ] = None
    observed_reset: Annotated[
        str | None, Field(max_length=253, description="The guardrails.breaker.reset that was last seen.")
    ] = None


class HealingPolicyStatus(ApiModel):
    """What Planaria makes of the policy now."""

    observed_generation: Annotated[
        int | None, Field(description="The generation of the spec that is in force.")
    ] = None
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=16,
            description="Ready: the policy is in force. Overlapped: more specific policies have some of its targets. Paused, StormActive, BreakerOpen: nothing new is begun, and why. "
            "MetricsAvailable: Prometheus answers.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    targets: Annotated[int, Field(ge=0, description="Workloads that the policy selects.")] = 0
    unhealthy: Annotated[int, Field(ge=0, description="How many of them are not healthy now.")] = 0
    active: Annotated[int, Field(ge=0, description="Remediations that are not finished.")] = 0
    reservations: Annotated[
        tuple[Reservation, ...],
        Field(
            max_length=1000,
            description="Actions counted against the budgets, oldest first; those that no window looks at are dropped.",
        ),
    ] = ()
    failures: Annotated[
        tuple[Failure, ...],
        Field(
            max_length=200,
            description="Actions that failed or did not help, oldest first, for the breaker and against repetition.",
        ),
    ] = ()
    storm: Annotated[StormStatus | None, Field(description="The storm that is on, where there is one.")] = (
        None
    )
    storm_ended_at: Annotated[
        Time | None, Field(description="When the last storm had passed; older evidence is read anew.")
    ] = None
    breaker: Annotated[BreakerStatus, Field(description="Where the breaker stands.")] = BreakerStatus()
