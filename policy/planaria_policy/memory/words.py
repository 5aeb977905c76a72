"""A row of choices in words, for the person who reads an export."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from planaria_contract import Action
from planaria_policy.memory.trajectory import Trajectory
from planaria_policy.spaces.choices import (
    CATEGORIES,
    COLUMN,
    DELAYS,
    DRAINS,
    SCALES,
    SCOPES,
    SIZES,
    USED_BY,
    WAITS,
)

Row = npt.NDArray[np.int64]


def actions(trajectory: Trajectory) -> tuple[str, ...]:
    """Each decision in turn, such as `restart pod after 30 s`. Nodes are numbered as they were offered, from 1."""
    places = trajectory.legal["place"].shape[1]
    return tuple(told(row, places) for row in trajectory.rows)


def told(row: Row, places: int) -> str:
    """One decision. `places` counts the choices of `place`, the last of which leaves the node to the scheduler."""
    number = int(row[0])
    if number >= len(CATEGORIES):
        return f"unknown action {number}"
    category = CATEGORIES[number]
    try:
        delay = DELAYS[_at(row, "delay")] if "delay" in USED_BY[category] else 0
        words = SAID[category](row, places) if category in SAID else str(category)
    except IndexError:  # a choice that this version does not have
        return f"{category} with choices {row[1:].tolist()}"
    return f"{words} after {delay} s" if delay else words


def _at(row: Row, head: str) -> int:
    return int(row[COLUMN[head]])


def _migrate(row: Row, places: int) -> str:
    place = _at(row, "place")
    return f"migrate to node {place + 1}" if place + 1 < places else "migrate to any node"


def _scale(row: Row, _places: int) -> str:
    what, ratio = SCALES[_at(row, "scale")]
    return f"scale {what} by {ratio:g}"


def _resize(row: Row, _places: int) -> str:
    what, ratio = SIZES[_at(row, "size")]
    return f"resize {what} by {ratio:g}"


def _isolate(row: Row, _places: int) -> str:
    drained = " and drain it" if DRAINS[_at(row, "drain")] else ""
    return f"isolate node {_at(row, 'node') + 1}{drained}"


SAID: Final[dict[Action, Callable[[Row, int], str]]] = {
    Action.NONE: lambda row, _: f"wait {WAITS[_at(row, 'wait')]} s",
    Action.RESTART: lambda row, _: f"restart {SCOPES[_at(row, 'scope')]}",
    Action.MIGRATE: _migrate,
    Action.SCALE: _scale,
    Action.RESIZE: _resize,
    Action.ISOLATE: _isolate,
}
