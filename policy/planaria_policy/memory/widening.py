"""Incidents, or decisions of one, that saw different numbers of nodes, side by side."""

from dataclasses import replace
from typing import Final

import numpy as np

from planaria_policy.memory.trajectory import Flags, Rows, Trajectory
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, USED_BY

PLACING: Final = [row for row, category in enumerate(CATEGORIES) if "place" in USED_BY[category]]
"""Categories that choose a `place`; its last choice leaves the node to the scheduler, and stays the last."""


def widened(one: Trajectory, width: int) -> Trajectory:
    """`one` with `width` candidate nodes, at least as many as it has: those that it has not are 0 and never legal."""
    own = one.nodes.shape[1]
    if own == width:
        return one
    place = one.legal["place"]
    legal = {
        "node": _wider(one.legal["node"], width - own),
        "place": np.concatenate([_wider(place[:, :-1], width - own), place[:, -1:]], 1),
    }
    nodes = np.pad(one.nodes, ((0, 0), (0, width - own), (0, 0)))
    return replace(one, nodes=nodes, legal=one.legal | legal, rows=_moved(one.rows, own, width))


def _wider(mask: Flags, more: int) -> Flags:
    return np.pad(mask, ((0, 0), (0, more)))


def _moved(rows: Rows, own: int, width: int) -> Rows:
    by_scheduler = np.isin(rows[:, 0], PLACING) & (rows[:, COLUMN["place"]] == own)
    moved = rows.copy()
    moved[by_scheduler, COLUMN["place"]] = width
    return moved
