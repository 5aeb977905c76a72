"""Understood -> Acting: decide, write the plan down, ask every guard, take the budget.

A decision that cannot be planned is masked with its reason and the decider is asked again, so the record shows what
was ruled out and why.
"""

from dataclasses import dataclass, replace
from typing import Final

from planaria_contract import Action, Decision, Mask, Wait
from planaria_operator.act.builder import Refusal
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.facts import Facts
from planaria_operator.decide.liberties import liberties
from planaria_operator.decide.masks import (
    age_masks,
    confidence_masks,
    node_masks,
    patience_masks,
    policy_masks,
    rung_masks,
)
from planaria_operator.decide.ownership import masked
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.cordons import being_isolated
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.ladder import above, attempts_left, made, over, rung_of
from planaria_operator.reconcile.outcomes import blocked, climbed, escalated, waiting
from planaria_operator.reconcile.planning import planned
from planaria_operator.reconcile.proposals import Proposed
from planaria_operator.reconcile.reporting import incident_name
from planaria_operator.reconcile.reserve import guard_and_reserve
from planaria_operator.reconcile.tried import tried, tried_before
from planaria_operator.reconcile.understand import observe
from planaria_operator.record.convert import semantic_state
from planaria_operator.telemetry import metrics

LOOK_AGAIN: Final = (30, 60, 180, 300)
"""Seconds between two readings of evidence that was not sure enough. After ten minutes of it a person should know."""

PASSING: Final = {Reason.DISRUPTION_BUDGET: 15, Reason.API_UNAVAILABLE: 10, Reason.WORLD_CHANGED: 5}
"""Seconds after which the evidence is read anew: these refusals say nothing against the action."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is left to do on this rung: the next one comes, and above the last one a person."""

    why: str
    decision: Decision | None = None


async def propose(parts: Parts, case: Case) -> Remediation:
    """What was observed is only for this step: the next one that needs an observation makes a new one. In a storm hundreds of
    them would be kept that nobody reads any more.
    """
    after = await _propose(parts, case)
    parts.observations.pop(case.key, None)
    return after


async def _propose(parts: Parts, case: Case) -> Remediation:
    if lead := being_isolated(parts.store, case):
        return await _held(parts, case, Refusal(Reason.SHARED_CAUSE, lead), 10)
    while True:  # every round leaves a rung, so this ends
        why = over(case.policy, case.status, parts.clock())
        found = Nothing(why) if why else await _on_this_rung(parts, case)
        if isinstance(found, Remediation):
            return found
        higher = above(case.policy, case.status, parts.clock())
        if higher is None:
            return await escalated(parts, case, found.why, found.decision)
        case = await climbed(parts, case, higher, found.why)


async def _on_this_rung(parts: Parts, case: Case) -> Remediation | Nothing:
    masks = _known_masks(case)
    for _ in Action:  # every refusal masks one category, so this ends
        decision = await _decide(parts, case, masks)
        parts.journal.passed(Station.DECIDE, case.key, action=decision.category.value, rule=decision.rule)
        if decision.category is Action.NONE:
            return await waiting(parts, case, decision)
        if decision.category is Action.ESCALATE and _may_get_surer(case, masks):
            return await waiting(parts, case, _look_again(case, decision))
        if decision.category is Action.ESCALATE:
            return Nothing(decision.explanation, decision)
        found = await planned(parts, case, decision)
        if isinstance(found, Proposed):
            metrics.DECISIONS.labels(
                action=decision.category.value, decided_by=decision.decided_by.value
            ).inc()
            return await guard_and_reserve(parts, case, found)
        if seconds := _passing(case, found.reason):
            return await _held(parts, case, found, seconds)
        masks = (*masks, masked(decision.category, found.reason, found.message))
    return Nothing("no action is left that could be planned")


async def _held(parts: Parts, case: Case, refusal: Refusal, seconds: int) -> Remediation:
    """Blocked before any guard was asked; counted once it is written, which fails where the API server is away altogether."""
    held = await blocked(parts, case, refusal.reason, refusal.message, retry_after=seconds)
    metrics.REFUSALS.labels(guard=metrics.NO_GUARD, reason=refusal.reason.value).inc()
    return held


def _known_masks(case: Case) -> tuple[Mask, ...]:
    """What a guard would refuse for the whole category, whatever the plan, is not even proposed."""
    state = case.status.semantic_state
    unsure = confidence_masks(case.policy, state.confidence_percent) if state else ()
    return (
        *policy_masks(case.policy),
        *rung_masks(rung_of(case.policy, case.status)),
        *unsure,
        *patience_masks(case.policy, case.status.waits),
        *node_masks(case.target, case.shared_node),
    )


def _may_get_surer(case: Case, masks: tuple[Mask, ...]) -> bool:
    """Nothing was done yet, and doubt alone rules out an action: evidence that is read later may be better."""
    unsure = {mask.category for mask in masks if mask.reason == Reason.LOW_CONFIDENCE}
    other = {mask.category for mask in masks if mask.reason != Reason.LOW_CONFIDENCE}
    fresh = not made(case.status) and case.status.waits < len(LOOK_AGAIN)
    return fresh and bool(unsure - other) and Action.NONE not in other


def _passing(case: Case, reason: Reason) -> int:
    """Seconds to wait, 0 where the action is ruled out. A world that never holds still is waited for only once."""
    again = case.status.held_because == reason.value
    return 0 if again and reason is Reason.WORLD_CHANGED else PASSING.get(reason, 0)


def _look_again(case: Case, decision: Decision) -> Decision:
    """Instead of asking for a person at once; escalation.maxWaits, and a rung's time, may end it sooner."""
    seconds = LOOK_AGAIN[case.status.waits]
    why = f"not sure enough to act, so the evidence is read again; else: {decision.explanation}"
    changes = {"parameters": Wait(wait_seconds=seconds), "rule": "look-again", "explanation": why[:280]}
    return decision.model_copy(update=changes)


async def _decide(parts: Parts, case: Case, masks: tuple[Mask, ...]) -> Decision:
    observation = parts.observations.get(case.key) or await observe(parts, case)
    record = case.status.semantic_state
    assert record is not None, "a case is only proposed on once it is understood"
    # Of the moment of the evidence: what it says is so many seconds old is compared with this.
    age = (observation.time - case.remediation.spec.visible_at).total_seconds()
    situation = Situation(
        observation=observation,
        state=semantic_state(record),
        masks=masks,
        liberties=liberties(case.policy),
        tried=(*tried(case), *tried_before(parts, case)),
        attempts_left=attempts_left(case.policy, case.status),
        mode=case.policy.spec.decide.mode,
        age_seconds=max(0.0, age),
        shared_node=case.shared_node,
        incident=incident_name(case.remediation),
    )
    ruled_out = (*masks, *age_masks(Facts(situation)))
    return await parts.decider.decide(replace(situation, masks=ruled_out))
