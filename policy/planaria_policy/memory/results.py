"""What the memory answers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from planaria_policy.memory.trajectory import Trajectory

Measure = Literal["cosine", "euclidean"]


@dataclass(frozen=True, eq=False)
class Sample:
    """B trajectories drawn with replacement; B is 0 where none was fresh enough."""

    ids: npt.NDArray[np.int64]
    """[B] for `Memory.reprioritise`."""
    trajectories: tuple[Trajectory, ...]
    weights: npt.NDArray[np.float32]
    """[B] importance weights; the largest is 1."""

    def __len__(self) -> int:
        return len(self.trajectories)


@dataclass(frozen=True)
class Stats:
    count: int
    by_fault: dict[str, int]
    """Most frequent first."""
    by_source: dict[str, int]
    recovered: float
    """Share, 0 to 1; 0 where the memory is empty."""
    oldest_version: int | None
    """Of the policies that acted; None where the memory is empty."""
    newest_version: int | None
    bytes: int
    """On disk, with indexes and the write-ahead log."""


@dataclass(frozen=True)
class Neighbour:
    """A remembered incident that began much like the one that was asked about."""

    incident: str
    fault: str
    distance: float
    """Cosine: 0 the same direction, 2 opposite. Euclidean: 0 the same facts."""
    actions: tuple[str, ...]
    """What was done, in words."""
    note: str
    total: float
    """Sum of rewards."""
    recovered: bool
    harmed: bool
