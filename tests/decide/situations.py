"""Situations in few words: a fault, how far it reaches, and what was done so far."""

from typing import Any

from planaria_contract import Action, Decision, Fault, Mask, PodFact
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.masks import policy_masks
from planaria_operator.decide.runbook import Runbook
from planaria_operator.decide.signature import signature
from tests.builders import observation, pod_fact, policy, state, workload_fact

WAITED = Tried(Action.NONE.value, Action.NONE.value)
NEW, OLD = "hash2", "hash1"
USUAL = policy_masks(policy())
"""Of a policy that says nothing of actions."""


def pods(
    affected: int, total: int = 3, *, revision: str | None = NEW, others: str | None = NEW
) -> tuple[PodFact, ...]:
    """`affected` pods of `revision`, and the rest, which are fine, of `others`."""
    return tuple(
        pod_fact(
            f"front-{index}", affected=index < affected, revision=revision if index < affected else others
        )
        for index in range(total)
    )


def situation(
    fault: Fault,
    *,
    affected: int = 1,
    total: int = 3,
    masks: tuple[Mask, ...] = USUAL,
    tried: tuple[Tried, ...] = (),
    attempts_left: int = 3,
    confidence: float = 0.9,
    age: float | None = None,
    **fields: Any,
) -> Situation:
    """`age`: of the incident, in seconds; `fields` are those of `Observation`."""
    fields.setdefault("pods", pods(affected, total))
    fields.setdefault("workload", workload_fact(ready=total - affected, desired=total, revision=NEW))
    return Situation(
        observation=observation(**fields),
        state=state(fault, confidence=confidence),
        masks=masks,
        tried=tried,
        attempts_left=attempts_left,
        age_seconds=age,
    )


def rolled_out(*, age: int = 60, in_progress: bool = False, **fields: Any) -> Any:
    """A workload with a revision before its newest, which is `age` seconds old."""
    return workload_fact(
        revision=NEW,
        previous_revision=OLD,
        revision_age_seconds=age,
        rollout_in_progress=in_progress,
        **fields,
    )


async def decide(found: Situation) -> Decision:
    return await Runbook().decide(found)


async def climb(found: Situation, limit: int = 12) -> list[str]:
    """The rules that decide one after another when nothing helps, down to the last one."""
    rules: list[str] = []
    tried = found.tried
    for _ in range(limit):
        now = Situation(found.observation, found.state, found.masks, tried, found.attempts_left)
        decision = await decide(now)
        rules.append(decision.rule)
        if decision.category is Action.ESCALATE:
            return rules
        tried = (*tried, Tried(decision.category.value, signature(decision), decision.parameters))
    return rules
