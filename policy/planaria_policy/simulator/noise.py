"""How the extractor errs, drawn from its own measured confusion and calibration.

The file is written by `planaria semantics evaluate --noise-model`: for each true class how often each class was read,
the spread of the confidence where it was right and where it was wrong, and how often nothing known was read.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from planaria_contract import CLASSES
from planaria_policy.errors import BadData
from planaria_policy.spaces.sights import FAULTS

MEASURED: Final = Path(__file__).parent.parent / "semantics" / "measured" / "confusion.json"
UNKNOWN: Final = len(FAULTS) - 1
NOTHING: Final = -1

Rate = Annotated[float, Field(ge=0, le=1)]


class Deciles(BaseModel):
    right: Annotated[list[Rate], Field(min_length=2)]
    wrong: Annotated[list[Rate], Field(min_length=2)]


class NoiseFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1]
    classes: list[str]
    confusion: list[list[int]]
    """Row: the true class; column: the class that was read."""
    confidence_deciles: Deciles
    unknown_rate: Rate
    secondary_right: Rate = 0.55
    """Where the first class was wrong, how often the second was right."""

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        if self.classes != [fault.value for fault in CLASSES]:
            raise ValueError("classes: these are not the contract's 16 classes in their order; measure anew")
        if any(len(row) != len(CLASSES) for row in self.confusion) or len(self.confusion) != len(CLASSES):
            raise ValueError("confusion: 16 rows of 16 counts are needed")
        empty = [name for name, row in zip(self.classes, self.confusion, strict=True) if not sum(row)]
        if empty:
            raise ValueError(f"confusion: no window of {', '.join(empty)} was measured")
        return self


@dataclass(frozen=True)
class Reading:
    """What an extractor said of B rows."""

    fault: torch.Tensor
    """[B], index into `FAULTS`."""
    secondary: torch.Tensor
    """[B], index into `FAULTS`, or -1."""
    confidence: torch.Tensor
    novelty: torch.Tensor


@dataclass(frozen=True)
class Noise:
    reads: torch.Tensor
    """[16, 16], row: true class, column: probability of being read."""
    right: torch.Tensor
    wrong: torch.Tensor
    """Quantiles of the confidence, evenly spaced."""
    unknown: float
    secondary_right: float

    def draw(self, truth: torch.Tensor, draws: torch.Generator) -> Reading:
        """Of `truth` [B], index into the 16 classes."""
        size, device = truth.shape[0], truth.device
        chance = torch.rand(6, size, generator=draws, device=device)
        reads = self.reads.cumsum(1)[truth]
        read = (chance[0, :, None] > reads).sum(1).clamp_(max=len(CLASSES) - 1)
        right = read == truth
        other = (
            (torch.rand(size, 1, generator=draws, device=device) > reads).sum(1).clamp_(max=len(CLASSES) - 1)
        )
        second = torch.where(right, other, torch.where(chance[1] < self.secondary_right, truth, other))
        second = torch.where((second == read) | (chance[2] < 0.1), NOTHING, second)
        confidence = torch.where(right, _quantile(self.right, chance[3]), _quantile(self.wrong, chance[3]))
        unknown = chance[4] < self.unknown
        return Reading(
            fault=torch.where(unknown, UNKNOWN, read),
            secondary=torch.where(unknown, read, second),
            confidence=torch.where(unknown, confidence * 0.5, confidence),
            # How new a known class looks says little and was not measured: spread wide, so that nothing is built on it.
            novelty=torch.where(unknown, 0.98, 0.9 * chance[5]),
        )


def _quantile(quantiles: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
    place = chance * (len(quantiles) - 1)
    low = place.floor().long().clamp_(max=len(quantiles) - 2)
    return torch.lerp(quantiles[low], quantiles[low + 1], place - low)


def read_noise(path: Path = MEASURED, device: str = "cpu") -> Noise:
    """Raises `BadData` naming the file and the field."""
    try:
        given = NoiseFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise BadData(f"{path}: {error}") from error
    counts = torch.tensor(given.confusion, dtype=torch.float32, device=device)
    return Noise(
        reads=counts / counts.sum(1, keepdim=True),
        right=torch.tensor(given.confidence_deciles.right, device=device),
        wrong=torch.tensor(given.confidence_deciles.wrong, device=device),
        unknown=given.unknown_rate,
        secondary_right=given.secondary_right,
    )


def perfect(device: str = "cpu") -> Noise:
    """An extractor that never errs: for tests and for telling noise from the rest."""
    one = torch.ones(2, device=device)
    return Noise(torch.eye(len(CLASSES), device=device), one, one, unknown=0.0, secondary_right=1.0)


def blind(device: str = "cpu") -> Noise:
    """No semantics at all: every reading is `unknown`, without confidence."""
    none = torch.zeros(2, device=device)
    even = torch.full((len(CLASSES), len(CLASSES)), 1 / len(CLASSES), device=device)
    return Noise(even, none, none, unknown=1.1, secondary_right=0.0)
