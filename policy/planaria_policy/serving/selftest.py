"""What every policy must get right before it is served: a fixed set of incidents on which a person would not argue."""

import json
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from planaria_contract import Action, Consultation, Decision
from planaria_policy.errors import BadData
from planaria_policy.serving.brain import Brain

CASES: Final = Path(__file__).parent / "model" / "selftest.json"


class Case(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    asked: Consultation
    good: tuple[Action, ...]
    """Any of these will do."""


@cache
def cases(path: Path = CASES) -> tuple[Case, ...]:
    try:
        return tuple(Case.model_validate(each) for each in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BadData(f"{path}: the self-test cannot be read ({error})") from error


def check(brain: Brain) -> None:
    """Raises `BadData` naming the first incident that the policy gets wrong, and what it would have done."""
    for case in cases():
        for decision in (*brain.decide([case.asked]), *brain.decide([case.asked, case.asked])[1:]):
            _judge(brain, case, decision)


def _judge(brain: Brain, case: Case, decision: Decision) -> None:
    if decision.category not in case.good:
        wanted = " or ".join(action.value for action in case.good)
        raise BadData(
            f"policy {brain.model.version}: fails its self-test: {case.name}: chose {decision.category.value}, not {wanted}"
        )
    if abs(sum(decision.probabilities.values()) - 1) > 1e-3:
        raise BadData(
            f"policy {brain.model.version}: fails its self-test: {case.name}: probabilities do not sum to 1"
        )
