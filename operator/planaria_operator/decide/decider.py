from dataclasses import dataclass
from typing import Protocol

from planaria_contract import Decision, Mask, Observation, Outcome, SemanticState
from planaria_contract.actions import Parameters
from planaria_operator.api.healing_policy import DecideMode
from planaria_operator.decide.liberties import USUAL, Liberties


@dataclass(frozen=True, slots=True)
class Tried:
    """An action that did not help in this incident, or on its target in an earlier one: `signature` names action, target and parameters."""

    action: str
    signature: str
    parameters: Parameters | None = None
    """What exactly was done; None for a wait, of which only the number is kept, and for what an earlier incident tried."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decider may look at."""

    observation: Observation
    state: SemanticState
    masks: tuple[Mask, ...] = ()
    """What must not be chosen: the policy object does not list it, or it was refused when planned."""
    tried: tuple[Tried, ...] = ()
    attempts_left: int = 3
    mode: DecideMode = DecideMode.RULES
    age_seconds: float | None = None
    """Since the incident was first visible; None where nobody knows."""
    shared_node: str | None = None
    """The node that several workloads, this one among them, fail on and nowhere else."""
    incident: str = ""
    """Names the incident towards whoever remembers it: unique, and the same from its first decision to its end."""
    liberties: Liberties = USUAL
    """Of the policy object, against whoever else has a say in what would be changed."""


class Decider(Protocol):
    """Equation 5 of the paper."""

    async def decide(self, situation: Situation) -> Decision:
        """Never chooses what is masked; where nothing is left it escalates."""
        ...

    def tell(self, outcome: Outcome) -> None:
        """What came of an incident. Returns at once and raises nothing, whatever becomes of the report."""
        ...
