"""How well a set of probabilities does. Pure arithmetic over (windows, 16) arrays."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from planaria_contract import CLASSES, Fault

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
BINS: Final = 15
HEALTHY: Final = CLASSES.index(Fault.HEALTHY)


@dataclass(frozen=True, slots=True)
class Scores:
    windows: int
    accuracy: float
    """Mean over the classes, so that a class with many templates does not count for more."""
    plain_accuracy: float
    top2: float
    """Mean over the classes."""
    calibration_error: float
    healthy: float
    """Share of the healthy windows that are called healthy."""
    false_calm: float
    """Share of the faulty windows that are called healthy."""


@dataclass(frozen=True, slots=True)
class Bin:
    confidence: float
    accuracy: float
    windows: int


def score(probabilities: Floats, truth: Ints) -> Scores:
    order = np.argsort(-probabilities, axis=1)
    right, near = order[:, 0] == truth, (order[:, :2] == truth[:, None]).any(axis=1)
    calm = truth == HEALTHY
    return Scores(
        windows=len(truth),
        accuracy=_by_class(right, truth),
        plain_accuracy=float(right.mean()),
        top2=_by_class(near, truth),
        calibration_error=expected_calibration_error(reliability(probabilities, truth), len(truth)),
        healthy=float(right[calm].mean()) if calm.any() else float("nan"),
        false_calm=float((order[~calm, 0] == HEALTHY).mean()) if (~calm).any() else float("nan"),
    )


def reliability(probabilities: Floats, truth: Ints) -> list[Bin]:
    """Bins of equal size by confidence: what was said, and how often it was right."""
    said = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    groups = np.array_split(np.argsort(said), BINS)
    return [Bin(float(said[g].mean()), float(right[g].mean()), len(g)) for g in groups if len(g)]


def expected_calibration_error(bins: list[Bin], windows: int) -> float:
    """Guo et al. 2017, section 2: the mean distance between confidence and accuracy, weighted by bin size."""
    return sum(b.windows * abs(b.confidence - b.accuracy) for b in bins) / windows


def confusion(probabilities: Floats, truth: Ints) -> Ints:
    """(true class, said class) counts."""
    matrix = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(matrix, (truth, probabilities.argmax(axis=1)), 1)
    return matrix


def _by_class(hit: npt.NDArray[np.bool_], truth: Ints) -> float:
    return float(np.mean([hit[truth == which].mean() for which in np.unique(truth)]))
