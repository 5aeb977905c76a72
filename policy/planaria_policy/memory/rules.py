"""What the memory goes by, with the usual figures."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rules:
    reserve: float = 0.2
    """Share of the capacity that is divided evenly over the fault classes and holds the newest incidents of each."""
    quantile: float = 0.75
    """Equation 9: a return, or a priority, above this quantile is worth keeping."""
    alpha: float = 0.6
    """Equation 10: 0 draws evenly, 1 in proportion to the priority."""
    floor: float = 1e-3
    """Added to every |TD error|, so that nothing becomes impossible to draw."""

    def __post_init__(self) -> None:
        for name in ("reserve", "quantile", "alpha"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        if self.floor <= 0:
            raise ValueError("floor must be above 0")


USUAL: Final = Rules()
