"""Equation 10: P(i) = p_i^alpha / sum_k p_k^alpha, with a share of each batch for rare faults.

A draw comes from all fresh trajectories with probability 1 - s, and from those of rare faults with probability s, so its
true probability is q_i = (1 - s) P(i) + s P_rare(i). The weights (1 / (n q_i))^beta undo that, not only P.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from planaria_policy.memory.index import Flags, Ids, Table

RARE: Final = 0.5
"""A class is rare where it has less than this part of an even share: of the fresh trajectories, or of what is played."""

Real = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pool:
    """Who may be drawn. It holds until trajectories come or go, whatever happens to their priorities."""

    fresh: Ids
    """[n] positions."""
    rare: Ids
    """[m] positions in `fresh`, of rare faults."""


@dataclass(frozen=True, eq=False)
class Odds:
    pool: Pool
    everyone: Real
    """[n] running sum of the masses p^alpha."""
    rare: Real
    """[m] the same among the rare."""
    is_rare: Flags
    """[n]."""
    mass: Real
    """[n]."""
    share: float
    """s; 0 where no fault is rare."""


def pool(rows: Table, max_age: int | None, without: Sequence[int] = ()) -> Pool:
    """`max_age`: how many policy versions older than the newest of the same fault may still be drawn; None for any.
    `without`: faults that are not drawn.

    Only those with as many facts as the newest: an upgrade that shows the policy more leaves the older ones behind.
    """
    if not len(rows):
        return Pool(np.empty(0, np.int64), np.empty(0, np.int64))
    fresh = (rows["width"] == rows["width"][-1]) & ~np.isin(rows["fault"], without)
    if max_age is not None:
        newest = np.zeros(rows["fault"].max() + 1, np.int64)
        np.maximum.at(newest, rows["fault"], rows["version"])
        fresh &= rows["version"] >= newest[rows["fault"]] - max_age
    faults = rows["fault"][fresh]
    return Pool(np.flatnonzero(fresh), np.flatnonzero(rare(faults)))


def rare(faults: Ids) -> Flags:
    """Which of them are of a class that has less than `RARE` of an even share of all."""
    counts = np.bincount(faults)
    even = len(faults) / max(int(np.count_nonzero(counts)), 1)
    return np.asarray((counts < RARE * even)[faults])


def odds(masses: Real, among: Pool, share: float) -> Odds:
    """`masses`: priority ** alpha of every trajectory, the stale ones included."""
    mass = masses[among.fresh]
    is_rare = np.zeros(len(mass), np.bool_)
    is_rare[among.rare] = True
    return Odds(
        among, np.cumsum(mass), np.cumsum(mass[among.rare]), is_rare, mass, share if len(among.rare) else 0.0
    )


def draw(from_: Odds, count: int, draws: np.random.Generator) -> Ids:
    """[count] places in `pool.fresh`, with replacement; none where nothing is fresh.

    The rare part is as near to its share as whole numbers allow.
    """
    if not len(from_.mass):
        return np.empty(0, np.int64)
    wanted = from_.share * count
    rare = int(wanted) + int(draws.random() < wanted % 1)  # right on average, so the weights are right
    everyone = _pick(from_.everyone, count - rare, draws)
    if not rare:
        return everyone
    return draws.permutation(np.append(everyone, from_.pool.rare[_pick(from_.rare, rare, draws)]))


def _pick(running: Real, count: int, draws: np.random.Generator) -> Ids:
    found = np.searchsorted(running, draws.random(count) * running[-1], side="right")
    return np.minimum(found, len(running) - 1)  # a product can be rounded up to the whole sum


def chances(from_: Odds, picked: Ids) -> Real:
    """Q of each that was picked."""
    mass = from_.mass[picked]
    chance = (1 - from_.share) * mass / from_.everyone[-1]
    if from_.share:
        chance += from_.share * from_.is_rare[picked] * mass / from_.rare[-1]
    return np.asarray(chance)


def weights(from_: Odds, picked: Ids, beta: float) -> npt.NDArray[np.float32]:
    """[count], the largest 1."""
    if not len(picked):
        return np.empty(0, np.float32)
    raw = (len(from_.mass) * chances(from_, picked)) ** -beta
    return (raw / raw.max()).astype(np.float32)
