from dataclasses import dataclass
from typing import Protocol

from planaria_contract import Decision, Mask, Observation, SemanticState


@dataclass(frozen=True, slots=True)
class Tried:
    """An action that did not help in this incident: `signature` names action, target and parameters."""

    action: str
    signature: str


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decider may look at."""

    observation: Observation
    state: SemanticState
    masks: tuple[Mask, ...] = ()
    """What must not be chosen: the policy object does not list it, or it was refused when planned."""
    tried: tuple[Tried, ...] = ()
    attempts_left: int = 3


class Decider(Protocol):
    """Equation 5 of the paper."""

    async def decide(self, situation: Situation) -> Decision:
        """Never chooses what is masked; where nothing is left it escalates."""
        ...
