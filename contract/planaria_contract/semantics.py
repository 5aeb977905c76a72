"""Equation 3 of the paper: the semantic state s_t that the decision is made from."""

from enum import StrEnum

from pydantic import Field, model_validator

from planaria_contract.base import SCHEMA_VERSION, Model
from planaria_contract.faults import Fault
from planaria_contract.observation import Observation


class Source(StrEnum):
    VLLM = "vllm"
    ENCODER = "encoder"
    RULES = "rules"
    HYBRID = "hybrid"
    """vLLM and the encoder together; how far they agree is in the confidence."""


class ModelVersion(Model):
    id: str = Field(max_length=128)
    version: str = Field(max_length=64)


class Evidence(Model):
    """A reference into the observation, with the excerpt that a person will read in the record."""

    kind: str = Field(pattern="^(log|event|metric|symptom|fact)$")
    index: int = Field(ge=0)
    excerpt: str = Field(default="", max_length=200)


class SemanticState(Model):
    """A typed fault state. Log text can at worst make it the wrong class: it holds nothing that could be executed."""

    schema_version: int = SCHEMA_VERSION
    fault: Fault
    secondary: Fault | None = None
    component: str = Field(max_length=253)
    """The object at fault, which need not be the one that shows it."""
    severity: int = Field(ge=0, le=3)
    confidence: float = Field(ge=0, le=1)
    """Calibrated against held-out data, never a model's opinion of itself."""
    novelty: float = Field(default=0, ge=0, le=1)
    summary: str = Field(max_length=280)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=16)
    source: Source
    model: ModelVersion

    @model_validator(mode="after")
    def _secondary_differs(self) -> "SemanticState":
        if self.secondary is self.fault:
            raise ValueError(f"secondary: {self.secondary} repeats fault; leave it out or name another class")
        return self

    def refers_into(self, observation: Observation) -> bool:
        """True where every evidence index exists in `observation`."""
        sizes = {
            "log": len(observation.logs),
            "event": len(observation.events),
            "metric": len(observation.metrics),
            "symptom": len(observation.symptoms),
        }
        return all(item.index < sizes.get(item.kind, 1) for item in self.evidence)
