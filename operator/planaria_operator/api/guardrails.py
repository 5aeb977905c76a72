"""The brakes of a HealingPolicy. What each one means, and in which order they are asked, stands in docs/guards.md."""

from typing import Annotated

from pydantic import Field

from planaria_operator.api.base import ApiModel, Percent
from planaria_operator.api.cel import rule, validations
from planaria_operator.api.windows import ChangeWindow

Actions = Annotated[
    int, Field(ge=0, le=1000, description="Actions within the window. 0 forbids every action.")
]
Window = Annotated[int, Field(ge=60, le=86400, description="Length of the sliding window, in seconds.")]


class Budget(ApiModel):
    """How often Planaria may act for this policy at all."""

    actions: Actions = 10
    window_seconds: Window = 3600


class TargetBudget(ApiModel):
    """How often one and the same object may be acted on."""

    actions: Actions = 5
    window_seconds: Window = 3600


class NamespaceBudget(ApiModel):
    """How often Planaria may act in the namespace, for all its policies together."""

    actions: Actions = 20
    window_seconds: Window = 3600


class StormLimit(ApiModel):
    """When so much breaks at once that acting one by one is not safe."""

    incidents: Annotated[
        int,
        Field(ge=2, le=1000, description="Targets that show a fault for the first time within the window."),
    ] = 5
    window_seconds: Window = 300
    cooldown_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=86400,
            description="How long it must have been calm before anything new is begun. A relapse starts it again.",
        ),
    ] = 120


class BreakerLimit(ApiModel):
    """When healing itself is what does not work. Only a person closes the breaker."""

    failures: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Remediations within the window of which an action failed or did not help and was undone. "
            "So many open the breaker.",
        ),
    ] = 5
    window_seconds: Window = 3600
    reset: Annotated[
        str,
        Field(
            max_length=253,
            description="Any text of yours, such as a ticket or the time. Changing it closes the open breaker; what was "
            "queued meanwhile is dropped, and what is still broken is looked at anew.",
        ),
    ] = ""


class Guardrails(ApiModel):
    """The brakes. Each refusal is recorded with a stable reason."""

    windows: Annotated[
        tuple[ChangeWindow, ...],
        Field(
            max_length=16,
            description="When something may be done. Default: always. An action is only begun where its delay and "
            "verification.timeoutSeconds fit before the window closes.",
        ),
    ] = ()
    min_confidence_percent: Annotated[
        Percent,
        Field(description="Nothing is done about a fault that is less sure than this. 0 switches it off."),
    ] = 20
    hesitation_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=3600,
            description="A fault of 0% confidence is watched for this long before anything is done, one of 80% or more not at "
            "all, and in between in proportion. Counted from when the fault became visible.",
        ),
    ] = 60
    repeat_window_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=604800,
            description="An action that did not help is not repeated on the same target for this long, whatever the incident; "
            "14400 is four hours. 0 switches it off.",
        ),
    ] = 14400
    storm: Annotated[
        StormLimit,
        Field(
            description="With so many incidents at once, or fewer healthy than minHealthy, nothing new is begun but the one "
            "remediation of a cause that many share."
        ),
    ] = StormLimit()
    breaker: Annotated[
        BreakerLimit,
        Field(description="With so many failures, nothing new is begun until a person says so."),
    ] = BreakerLimit()
    cooldown_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=86400,
            description="After an incident's action on a target, no new incident acts on the same target for this long. "
            "The rungs of one incident do not wait for each other.",
        ),
    ] = 300
    budget: Annotated[
        Budget,
        Field(
            description="Actions allowed in a sliding window, 10 an hour by default. Reserved in status before acting, "
            "so a restart forgets nothing."
        ),
    ] = Budget()
    target_budget: Annotated[
        TargetBudget,
        Field(
            description="The same for one target, 5 an hour by default: what breaks again and again needs a person."
        ),
    ] = TargetBudget()
    namespace_budget: Annotated[
        NamespaceBudget,
        Field(description="The same for all policies of the namespace together, 20 an hour by default."),
    ] = NamespaceBudget()
    max_concurrent: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Remediations of this policy that may be acting, verifying or reverting at the same time.",
        ),
    ] = 5
    min_healthy: Annotated[
        int | str,
        Field(
            description='Number, or share such as "50%" (rounded up), of the *other* workloads that this policy selects '
            "(for a node: of the other nodes) that must be healthy. With fewer, many things are broken at once, a common "
            "cause is likely, and nothing new is started. A workload under remediation counts as unhealthy. "
            '0 switches the check off; "100%" acts only while everything else is well.',
            json_schema_extra={
                "x-kubernetes-int-or-string": True,
                "maxLength": 6,
                **validations(
                    rule(
                        "type(self) == int ? self >= 0 && self <= 100000 : self.matches('^(100|[0-9]{1,2})%$')",
                        'minHealthy must be a whole number (such as 2) or a share from 0% to 100% (such as "50%")',
                    )
                ),
            },
        ),
    ] = "50%"

    @property
    def longest_memory(self) -> int:
        """Seconds for which an action of this policy, or of its namespace, still counts."""
        budgets = (self.budget, self.target_budget, self.namespace_budget)
        return max(self.cooldown_seconds, *(each.window_seconds for each in budgets))
