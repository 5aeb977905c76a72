"""What the decider is asked with: everything that equation 5 of the paper may look at, as one message."""

from pydantic import Field

from planaria_contract.actions import Parameters
from planaria_contract.base import SCHEMA_VERSION, Model
from planaria_contract.decision import Mask
from planaria_contract.observation import Observation
from planaria_contract.semantics import SemanticState


class Consultation(Model):
    """One incident at the moment of a decision."""

    schema_version: int = SCHEMA_VERSION
    incident: str = Field(default="", max_length=253)
    """Unique, and the same in every question about one incident and in its `Outcome`; empty where nobody will report."""
    age_seconds: float | None = Field(default=None, ge=0)
    """Since the incident was first visible. Symptoms come and go, so the oldest that still stands says less."""
    observation: Observation
    state: SemanticState
    masks: tuple[Mask, ...] = ()
    """What must not be chosen: not allowed, not possible, or refused when planned."""
    tried: tuple[Parameters, ...] = Field(default=(), max_length=64)
    """What was done in this incident and did not help, oldest first; waits are among them."""
    attempts_left: int = Field(default=3, ge=0, le=10)
