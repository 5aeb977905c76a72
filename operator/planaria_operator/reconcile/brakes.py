"""What the brakes keep in a policy's status, and what people are told of it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from planaria_operator.api.conditions import Status, with_condition
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.policy_status import BreakerStatus, HealingPolicyStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.breaker import turned
from planaria_operator.guard.ledger import failures
from planaria_operator.guard.pauses import pauses
from planaria_operator.guard.weather import Weather
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record.events import Recorder

BRAKES: Final = ("Paused", "StormActive", "BreakerOpen")
"""Conditions of a policy that are True while nothing new is begun."""

Said = tuple[str, bool, Reason, str]


def braked(
    store: ClusterStore, policy: HealingPolicy, status: HealingPolicyStatus, weather: Weather, now: datetime
) -> HealingPolicyStatus:
    """`status` with what the brakes must remember; equal to it where nothing changed."""
    newest = policy.model_copy(update={"status": status})
    failed = failures(store, newest, now)
    breaker, passed = turned(newest, failed, now), status.storm is not None and weather.storm is None
    conditions = status.conditions
    for name, on, reason, message in _said(policy, weather, breaker, now):
        state = Status.TRUE if on else Status.FALSE
        conditions = with_condition(
            conditions, name, state, reason, message, now=now, generation=policy.generation
        )
    return status.model_copy(
        update={
            "conditions": conditions,
            "failures": failed,
            "storm": weather.storm,
            "storm_ended_at": now if passed else status.storm_ended_at,
            "breaker": breaker,
        }
    )


def _said(policy: HealingPolicy, weather: Weather, breaker: BreakerStatus, now: datetime) -> Iterator[Said]:
    asked = [f"{each.requester}: {each.reason}" for each in pauses(policy, now)]
    yield (
        ("Paused", True, Reason.PAUSED, "; ".join(asked))
        if asked
        else (
            *("Paused", False, Reason.NOT_PAUSED),
            "nobody asks to pause",
        )
    )
    storm = weather.storm
    yield (
        ("StormActive", True, Reason.STORM_ACTIVE, storm.why)
        if storm
        else (
            *("StormActive", False, Reason.CALM),
            "no storm",
        )
    )
    yield (
        ("BreakerOpen", True, Reason.BREAKER_OPEN, HOW_TO_CLOSE)
        if breaker.opened_at
        else (
            *("BreakerOpen", False, Reason.BREAKER_CLOSED),
            "the breaker is closed",
        )
    )


HOW_TO_CLOSE: Final = (
    "too many remediations failed; mend the cause, then set spec.guardrails.breaker.reset to a new text"
)


def tell_of_brakes(recorder: Recorder, before: HealingPolicy, after: HealingPolicy) -> None:
    """An Event on the policy when a brake begins to hold, and when it lets go."""
    reference = ObjectReference(
        kind=after.kind, namespace=after.namespace or None, name=after.name, uid=after.uid or None
    )
    known = {each.type: each.status for each in before.status.conditions}
    for condition in after.status.conditions:
        held = condition.status is Status.TRUE
        if condition.type in BRAKES and held != (known.get(condition.type) is Status.TRUE):
            reason, note = Reason(condition.reason), condition.message
            recorder.record(reference, reason=reason, note=note, action="Guard", warning=held)
