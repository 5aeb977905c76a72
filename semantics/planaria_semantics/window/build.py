"""Observation -> Window: group lines alike, rank them by surprise, cut to the budget, and state the facts."""

from planaria_contract import Observation
from planaria_semantics.signs.reading import Reading
from planaria_semantics.signs.signs import RULES, Sign, logs
from planaria_semantics.window.window import Budget, Window


def build(observation: Observation, budget: Budget | None = None) -> Window:
    raise NotImplementedError  # the window's own issue


def facts(observation: Observation) -> tuple[Sign, ...]:
    """What the structure says. The rule that reads log text is left out: readers do that better."""
    reading = Reading(observation)
    found = [sign for rule in RULES if rule is not logs for sign in rule(reading)]
    return tuple(sorted(found, key=lambda sign: -sign.weight))
