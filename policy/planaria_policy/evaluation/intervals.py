"""How sure: the incidents are drawn anew with replacement, and everything is estimated again (the bootstrap).

Percentiles of the resamples; Hanna, Stone and Niekum 2017 use the same for off-policy evaluation. Decisions of one incident stay
together, and a difference between two policies is taken within each resample, so that what both share cancels out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from math import isfinite, nan
from typing import Final

import numpy as np

from planaria_policy.evaluation.incidents import Real

CONFIDENCE: Final = 0.95
RESAMPLES: Final = 1000
SEED: Final = 0
AT_ONCE: Final = 4_000_000
"""Counts in memory at the same time, 32 MB."""

Estimator = Callable[[Real], Real]
"""From counts [B, N], how often each incident is in each sample, to [B] minutes."""


@dataclass(frozen=True)
class Interval:
    """Minutes; not a number where nothing can be said."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float | None]:
        return {name: round(each, 6) if isfinite(each) else None for name, each in asdict(self).items()}


def intervals(
    count: int, estimators: Mapping[str, Estimator], resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """Of N incidents, at least one. The same seed every time: two runs on the same memory say the same."""
    point = {name: estimate(np.ones((1, count)))[0] for name, estimate in estimators.items()}
    again: dict[str, list[Real]] = {name: [] for name in estimators}
    for counts in _counts(count, resamples):
        for name, estimate in estimators.items():
            again[name].append(estimate(counts))
    return {name: _interval(float(point[name]), np.concatenate(again[name])) for name in estimators}


def _counts(count: int, resamples: int) -> Iterator[Real]:
    draws = np.random.default_rng(SEED)
    some = max(1, AT_ONCE // count)
    for start in range(0, resamples, some):
        rows = min(some, resamples - start)
        picked = draws.integers(0, count, (rows, count)) + count * np.arange(rows)[:, None]
        yield np.bincount(picked.ravel(), minlength=rows * count).reshape(rows, count).astype(np.float64)


def _interval(value: float, again: Real) -> Interval:
    known = again[np.isfinite(again)]
    if not np.isfinite(value) or not len(known):
        return Interval(nan, nan, nan)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, (tail, 1 - tail))
    return Interval(value, float(low), float(high))
