"""What a training run is told; written beside its result, so that it can be made again."""

from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from planaria_policy.errors import BadData

Positive = Annotated[int, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]


class Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 1
    steps: Positive = 16_000_000
    """Decisions in all."""

    # --- collecting
    incidents: Positive = 4096
    """Played at the same time."""
    horizon: Positive = 16
    """Decisions of each before the network learns from them."""
    services: Annotated[int, Field(ge=4)] = 6
    nodes: Annotated[int, Field(ge=2)] = 6
    held_out: tuple[str, ...] = ()
    """Causes that are never drawn, by name."""
    invented: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """Share of incidents whose cause is put together at random (`simulator/inventing.py`)."""

    # --- learning (equations 6 and 7; the paper reports clip 0.2, rate 3e-4, batch 128)
    epochs: Positive = 1
    """A new decision costs about as much as learning from an old one again, and teaches more."""
    batch: Positive = 4096
    """The paper's 128 is for one cluster at a time; a batch is one decision of each of four thousand."""
    rate: Annotated[float, Field(gt=0)] = 6e-3
    """Falls to a twentieth by the end, along a cosine. Large, because a batch is large and is learned from once."""
    clip: Annotated[float, Field(gt=0, lt=1)] = 0.2
    discount: Annotated[float, Field(ge=0, le=1)] = 0.99
    trace: Annotated[float, Field(ge=0, le=1)] = 0.95
    value_weight: Weight = 0.5
    entropy: Weight = 0.01
    """Weight of the entropy bonus at the beginning; falls with the rate."""
    largest_gradient: Annotated[float, Field(gt=0)] = 0.5

    # --- the other terms of equation 13
    bottleneck: Weight = 1e-3
    """Lambda 1, times beta."""
    semantic: Weight = 0.0
    """Lambda 2: reserved for the prompt tuner, whose loss is added here."""
    memory: Weight = 0.0
    """Lambda 3: how much remembered incidents count."""
    memory_age: Positive = 8
    """Rounds after which an incident is no longer learned from, counted from the newest one with its fault."""

    # --- the network, and what is taken away from it to see what it is worth
    width: Positive = 128
    latent: Positive = 32
    flat: bool = False
    without_semantics: bool = False
    without_masks: bool = False

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `BadData` naming the file and the field."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
            raise BadData(f"{path}: {error}") from error

    def as_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)
