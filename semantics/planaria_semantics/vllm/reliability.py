"""How far a model is believed: when it says c, how often is each class true. Measured, never its own certainty."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from planaria_contract import CLASSES, Fault

PRIOR: Final = 0.8
"""Of a model that nobody measured: how often what it says is taken to be right."""
SMOOTHING: Final = 1.0
"""Laplace's: what was never seen in a finite sample is rare, not impossible."""
SECOND_SHARE: Final = 0.5
"""Of what is left beside the named class, the part that goes to the class named second."""

Rows = Mapping[Fault, Mapping[Fault, float]]
"""Said -> true -> probability."""


class Reliability:
    """Of one model with one prompt."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    @classmethod
    def unmeasured(cls) -> "Reliability":
        return cls({})

    @classmethod
    def of_file(cls, path: Path) -> "Reliability":
        return cls.of_counts(json.loads(path.read_text())["said"])

    @classmethod
    def of_counts(cls, said: Mapping[str, Mapping[str, int]]) -> "Reliability":
        """`said` counts, for every class that was said, what was true."""
        rows: dict[Fault, dict[Fault, float]] = {}
        for name, counts in said.items():
            total = sum(counts.values()) + SMOOTHING * len(CLASSES)
            rows[Fault(name)] = {fault: (counts.get(fault.value, 0) + SMOOTHING) / total for fault in CLASSES}
        return cls(rows)

    def probabilities(self, said: Fault, second: Fault | None = None) -> dict[Fault, float]:
        """Over the 16 classes, summing to 1."""
        row = dict(self._rows.get(said) or _prior(said))
        if second is None or second is said or second not in row:
            return row
        sure = row.get(said, 0.0)
        shared = {
            fault: value if fault is said else value * (1 - SECOND_SHARE) for fault, value in row.items()
        }
        shared[second] += SECOND_SHARE * (1 - sure)
        return shared


def _prior(said: Fault) -> dict[Fault, float]:
    if said is Fault.UNKNOWN:
        return dict.fromkeys(CLASSES, 1 / len(CLASSES))
    rest = (1 - PRIOR) / (len(CLASSES) - 1)
    return {fault: PRIOR if fault is said else rest for fault in CLASSES}
