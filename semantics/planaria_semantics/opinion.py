"""What one reader makes of a window, before it is settled into a `SemanticState`."""

from collections.abc import Mapping
from dataclasses import dataclass

from planaria_contract import CLASSES, Evidence, Fault, ModelVersion, Source


@dataclass(frozen=True, slots=True)
class Opinion:
    probabilities: Mapping[Fault, float]
    """Over the 16 classes, summing to 1: how often each is right when this is said, not how sure the reader feels."""
    source: Source
    model: ModelVersion
    novelty: float = 0.0
    """0 = like what it was trained on, 1 = unlike anything."""
    unknown: bool = False
    """True where the reader says that none of the classes fits."""
    evidence: tuple[Evidence, ...] = ()
    """Strongest first."""
    severity: int | None = None
    """0 to 3 as the text alone says it. Used only where no workload is there to be counted."""

    @property
    def ranked(self) -> tuple[Fault, ...]:
        """Most probable first; ties in the order of `CLASSES`."""
        return tuple(sorted(CLASSES, key=lambda fault: -self.probabilities.get(fault, 0.0)))
