"""What would come after, were each action applied and did not help. Pure."""

from collections.abc import AsyncIterator
from dataclasses import replace

from planaria_contract import Action, Decision
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.masks import patience_masks
from planaria_operator.decide.runbook import Runbook
from planaria_operator.decide.signature import signature


async def ladder(situation: Situation, first: Decision, policy: HealingPolicy) -> AsyncIterator[Decision]:
    """Decisions after `first`, down to the one that hands over. Whether each can be planned then is not known now."""
    decision, seen = first, situation
    while decision.category is not Action.ESCALATE:
        seen = _after(seen, decision, policy)
        decision = await Runbook().decide(seen)
        yield decision


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
