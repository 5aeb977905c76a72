"""Who decides: the runbook, the learned policy, or the runbook with the policy's answer beside it."""

from typing import Final

import structlog

from planaria_contract import Action, Consultation, Decision, Mask, Outcome, Shadow, Wait
from planaria_operator.api.healing_policy import DecideMode
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.facts import Facts
from planaria_operator.decide.masks import merged, situation_masks
from planaria_operator.decide.runbook import Runbook
from planaria_operator.decide.service import PolicyService, PolicyServiceError
from planaria_operator.decide.wordless import without_evidence, without_words
from planaria_operator.telemetry import metrics

log = structlog.get_logger("planaria.decide")
WAIT_SECONDS: Final = 60
MOST_TRIED: Final = 64


class Choice:
    """Implements `Decider` by the mode of the policy object. Without a service the rules decide in every mode."""

    def __init__(self, service: PolicyService | None = None) -> None:
        self._service = service
        self._rules = Runbook()

    async def decide(self, situation: Situation) -> Decision:
        if situation.mode is DecideMode.RULES or self._service is None:
            return await self._rules.decide(situation)
        learned = await self._ask(self._service, situation)
        if situation.mode is DecideMode.POLICY and learned:
            return learned
        ruled = await self._rules.decide(situation)
        return ruled if learned is None else _beside(ruled, learned)

    def tell(self, outcome: Outcome) -> None:
        """Goes to the service, whoever decided; without one it is dropped."""
        if self._service:
            self._service.tell(outcome)

    async def _ask(self, service: PolicyService, situation: Situation) -> Decision | None:
        try:
            return await service.ask(consultation(situation))
        except PolicyServiceError as error:
            log.info("the rules decide", reason=error.reason.value, error=str(error))
            return None


def consultation(situation: Situation) -> Consultation:
    """What the service is asked: the same facts without any text, and every mask that is known before anything is planned."""
    tried = [each.parameters or Wait(wait_seconds=WAIT_SECONDS) for each in situation.tried if _known(each)]
    return Consultation(
        incident=situation.incident,
        age_seconds=situation.age_seconds,
        observation=without_words(situation.observation),
        state=without_evidence(situation.state),
        masks=_masks(situation),
        tried=tuple(tried[:MOST_TRIED]),  # actions stand before waits, and one wait more says little
        attempts_left=min(max(situation.attempts_left, 0), 10),
    )


def _known(tried: Tried) -> bool:
    """Of an action whose record is gone only the name is left, which says too little to learn from."""
    return tried.parameters is not None or tried.action == Action.NONE.value


def _masks(situation: Situation) -> tuple[Mask, ...]:
    facts = Facts(situation)
    own = situation_masks(situation.observation, facts.workload, situation.liberties)
    if facts.dependency_at_zero:
        # What cannot be scaled itself may still have a dependency that can.
        own = tuple(mask for mask in own if mask.category is not Action.SCALE)
    return merged(situation.masks, own)


def _beside(ruled: Decision, learned: Decision) -> Decision:
    metrics.POLICY_AGREES.labels(str(ruled.category is learned.category).lower()).inc()
    shadow = Shadow(
        category=learned.category,
        probability=min(1.0, max(0.0, learned.probabilities.get(learned.category, 0.0))),
        explanation=learned.explanation,
        model=learned.model,
    )
    return ruled.model_copy(update={"shadow": shadow, "precedents": learned.precedents})
