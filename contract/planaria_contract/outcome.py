"""What came of an incident: the record that the policy learns from."""

from pydantic import Field

from planaria_contract.base import SCHEMA_VERSION, Model
from planaria_contract.decision import Decision
from planaria_contract.semantics import SemanticState


class AttemptOutcome(Model):
    decision: Decision
    applied: bool
    helped: bool
    reverted: bool = False
    seconds: float = Field(ge=0)
    """From applied to verified, or to given up."""


class Outcome(Model):
    schema_version: int = SCHEMA_VERSION
    incident: str
    state: SemanticState | None = None
    """None where the incident ended before it was understood."""
    attempts: tuple[AttemptOutcome, ...] = ()
    recovered: bool
    escalated: bool = False
    seconds: float = Field(ge=0)
    """From the fault being visible to recovered, or to the end of the record."""
    harm: tuple[str, ...] = ()
    """Reason codes of what got worse while Planaria acted."""
