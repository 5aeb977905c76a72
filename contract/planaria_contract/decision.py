"""Equation 5 of the paper: what π(a|s) = π_h(a^h|s) · π_l(a^l|s, a^h) chose, and everything that explains it."""

from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from planaria_contract.actions import Action, Parameters, Wait
from planaria_contract.base import SCHEMA_VERSION, Model
from planaria_contract.faults import Fault
from planaria_contract.observation import ObjectRef
from planaria_contract.semantics import ModelVersion


class Decider(StrEnum):
    PPO = "ppo"
    RULES = "rules"


class Mask(Model):
    """A category that could not be chosen, and the stable reason code for it."""

    category: Action
    reason: str = Field(max_length=64)
    message: str = Field(default="", max_length=280)


class Counterfactual(Model):
    """What would have been chosen, had another fault been read from the same evidence."""

    fault: Fault
    category: Action


class Shadow(Model):
    """What another decider would have done, beside what was done."""

    category: Action
    probability: float = Field(ge=0, le=1)
    explanation: str = Field(default="", max_length=280)
    model: ModelVersion


class Precedent(Model):
    """A remembered incident that began much like this one, and what it led to."""

    incident: str = Field(max_length=253)
    fault: Fault
    did: str = Field(max_length=280)
    """What was done, in words, in order."""
    recovered: bool
    harmed: bool = False
    minutes: float
    """Its total reward: minus minutes of full outage, with the price of what was done; nearer to 0 is better."""
    similarity: float = Field(ge=0, le=1)
    """Of what was seen first: 1 is the same."""


class Decision(Model):
    schema_version: int = SCHEMA_VERSION
    parameters: Parameters
    target: ObjectRef
    """What is acted on; need not be the object that shows the fault."""
    rule: str = Field(default="", max_length=64)
    """The runbook entry that decided, where rules did."""
    explanation: str = Field(default="", max_length=280)
    probabilities: dict[Action, float] = Field(default_factory=dict)
    masks: tuple[Mask, ...] = ()
    value: float | None = None
    """What the decider expects of the rest of the incident: minus minutes of full outage."""
    counterfactuals: tuple[Counterfactual, ...] = Field(default=(), max_length=16)
    shadow: Shadow | None = None
    precedents: tuple[Precedent, ...] = Field(default=(), max_length=3)
    """The nearest remembered incidents, the nearest first; they explain, they do not decide."""
    decided_by: Decider
    model: ModelVersion

    @model_validator(mode="before")
    @classmethod
    def _unknown_action_waits(cls, data: Any) -> Any:
        """An action that only a newer peer knows must never be guessed at: it becomes a wait that says so."""
        if not isinstance(data, dict) or not isinstance(data.get("parameters"), dict):
            return data
        category = data["parameters"].get("category")
        if not _newer(category):
            return data
        unknown = f"a newer peer chose {category[:64]!r}, which this version does not know"
        return {**data, "parameters": Wait().model_dump(), "rule": "UnknownAction", "explanation": unknown}

    @model_validator(mode="before")
    @classmethod
    def _unknown_words_explain_nothing(cls, data: Any) -> Any:
        """What a newer peer says beside of an action or a fault that this version does not know is left out: refused, it
        would cost every answer of a rolling update.
        """
        if not isinstance(data, dict):
            return data
        told = dict(data)
        if isinstance(weights := told.get("probabilities"), dict):
            told["probabilities"] = {each: weights[each] for each in weights if not _newer(each)}
        for name in ("masks", "counterfactuals", "precedents"):
            if isinstance(told.get(name), (list, tuple)):
                told[name] = [each for each in told[name] if not _is_of_a_newer(each)]
        if _is_of_a_newer(told.get("shadow")):
            told["shadow"] = None
        return told

    @model_validator(mode="after")
    def _chosen_is_not_masked(self) -> "Decision":
        if any(mask.category is self.category for mask in self.masks):
            raise ValueError(
                f"parameters.category: {self.category} is masked; a masked action cannot be chosen"
            )
        return self

    @property
    def category(self) -> Action:
        return self.parameters.category


def _newer(category: Any) -> bool:
    return isinstance(category, str) and category not in set(Action)


def _is_of_a_newer(explained: Any) -> bool:
    if not isinstance(explained, dict):
        return False
    fault = explained.get("fault")
    return _newer(explained.get("category")) or (isinstance(fault, str) and fault not in set(Fault))
