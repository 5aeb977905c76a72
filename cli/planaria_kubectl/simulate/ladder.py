"""What would come after, were each action applied and did not help. Pure."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from planaria_contract import Action, Decision
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.masks import patience_masks, rung_masks
from planaria_operator.decide.runbook import Runbook
from planaria_operator.decide.signature import signature


@dataclass(frozen=True)
class Step:
    """Where on the policy's own escalation ladder it is, by number; how many actions were tried there."""

    number: int = 1
    made: int = 0


async def ladder(
    situation: Situation, first: Decision, policy: HealingPolicy, step: Step
) -> AsyncIterator[Decision]:
    """Decisions after `first`, down to the one that hands over. Whether each can be planned then is not known now."""
    decision, seen = first, situation
    while decision.category is not Action.ESCALATE:
        seen = _after(seen, decision, policy)
        step = replace(step, made=step.made + (decision.category is not Action.NONE))
        decision, step = await _next(seen, policy, step)
        yield decision


def on_rung(situation: Situation, policy: HealingPolicy, number: int) -> Situation:
    """What a decider is shown on this rung; the same where the policy has no ladder."""
    return replace(situation, masks=(*situation.masks, *rung_masks(policy.spec.escalation.rung(number))))


def attempts_of(policy: HealingPolicy) -> int:
    escalation = policy.spec.escalation
    rungs = escalation.ladder
    return sum(rung.attempts for rung in rungs) if rungs else escalation.max_attempts


async def _next(seen: Situation, policy: HealingPolicy, step: Step) -> tuple[Decision, Step]:
    """The first rung on which there is something to do; above the last one a person."""
    escalation = policy.spec.escalation
    while True:
        rung, higher = escalation.rung(step.number), escalation.rung(step.number + 1)
        spent = rung is not None and step.made >= rung.attempts
        here = on_rung(replace(seen, attempts_left=0) if spent else seen, policy, step.number)
        decision = await Runbook().decide(here)
        if decision.category is not Action.ESCALATE or higher is None:
            return decision, step
        step = Step(step.number + 1)


def _after(situation: Situation, done: Decision, policy: HealingPolicy) -> Situation:
    waited = done.category is Action.NONE
    mark = Action.NONE.value if waited else signature(done)
    tried = (*situation.tried, Tried(done.category.value, mark, None if waited else done.parameters))
    waits = sum(1 for each in tried if each.action == Action.NONE.value)
    return replace(
        situation,
        tried=tried,
        masks=(*situation.masks, *patience_masks(policy, waits)),
        attempts_left=situation.attempts_left - (0 if waited else 1),
    )
