"""The inverse of `decode.py`: from what was really done back to a row of choices.

Rules and people's bounds know more amounts than the space has. Where a choice does not exist the nearest one is taken,
and the note says which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from planaria_contract import Action, Isolate, Migrate, ObjectRef, Resize, Restart, Scale, Wait
from planaria_contract.actions import Parameters
from planaria_policy.spaces.choices import (
    CATEGORIES,
    COLUMN,
    DELAYS,
    DRAINS,
    HEADS,
    SCALES,
    SCOPES,
    SIZES,
    USED_BY,
    WAITS,
)

Row = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """What a row refers to besides the lists of `choices.py`."""

    own: ObjectRef
    """The target of the incident."""
    nodes: tuple[str, ...]
    """Names of the candidate nodes, in the order in which they were offered."""

    @property
    def anywhere(self) -> int:
        """The choice of `place` that leaves the node to the scheduler."""
        return max(len(self.nodes), 1)


@dataclass(frozen=True)
class Reencoded:
    row: Row
    """[1 + heads], as `spaces/choices.py` describes it."""
    note: str = ""
    """What the space does not have, and what was taken in its place; empty where the row says it exactly."""


@dataclass(frozen=True)
class _Chosen:
    choice: int
    note: str = ""


def reencode(parameters: Parameters, target: ObjectRef, place: Place) -> Reencoded:
    """`target`: what was acted on. Raises nothing: every action has a row."""
    category = parameters.category
    row = np.zeros(1 + len(HEADS), np.int64)
    row[0] = CATEGORIES.index(category)
    notes = []
    for head in USED_BY[category]:
        chosen = CHOOSE[head](parameters, target, place)
        row[COLUMN[head]] = chosen.choice
        notes.append(chosen.note)
    return Reencoded(row, "; ".join(note for note in notes if note))


def _nearest(what: str, choices: Sequence[float], wanted: float) -> _Chosen:
    at = min(range(len(choices)), key=lambda number: abs(choices[number] - wanted))
    exact = abs(choices[at] - wanted) < 1e-6
    return _Chosen(at, "" if exact else f"{what} {wanted:g} taken for {choices[at]:g}")


def _wait(done: Wait, _target: ObjectRef, _place: Place) -> _Chosen:
    return _nearest("wait", WAITS, done.wait_seconds)


def _delay(done: Any, _target: ObjectRef, _place: Place) -> _Chosen:
    return _nearest("delay", DELAYS, done.delay_seconds)


def _scope(done: Restart, _target: ObjectRef, _place: Place) -> _Chosen:
    return _Chosen(SCOPES.index(done.scope))


def _scale(done: Scale, target: ObjectRef, place: Place) -> _Chosen:
    if not _same(target, place.own):
        return _Chosen(next(at for at, (what, _) in enumerate(SCALES) if what == "dependency"))
    own = [ratio for what, ratio in SCALES if what == "target"]
    found = _nearest("scale", own, done.ratio)
    return _Chosen(SCALES.index(("target", own[found.choice])), found.note)


def _size(done: Resize, _target: ObjectRef, _place: Place) -> _Chosen:
    ratios = [ratio for what, ratio in SIZES if what == done.resource]
    found = _nearest("resize", ratios, done.ratio)
    one = f"container {done.container} taken for all" if done.container else ""
    note = "; ".join(each for each in (found.note, one) if each)
    return _Chosen(SIZES.index((done.resource, ratios[found.choice])), note)


def _where(done: Migrate, _target: ObjectRef, place: Place) -> _Chosen:
    if done.node in place.nodes:
        return _Chosen(place.nodes.index(done.node))
    return _Chosen(place.anywhere, f"node {done.node} taken for any" if done.node else "")


def _node(done: Isolate, _target: ObjectRef, place: Place) -> _Chosen:
    if done.node in place.nodes:
        return _Chosen(place.nodes.index(done.node))
    return _Chosen(0, f"node {done.node} taken for the first candidate")


def _drain(done: Isolate, _target: ObjectRef, _place: Place) -> _Chosen:
    return _Chosen(DRAINS.index(done.drain))


def _same(one: ObjectRef, other: ObjectRef) -> bool:
    return (one.kind, one.namespace, one.name) == (other.kind, other.namespace, other.name)


CHOOSE: Final[dict[str, Callable[[Any, ObjectRef, Place], _Chosen]]] = {
    "wait": _wait,
    "scope": _scope,
    "scale": _scale,
    "size": _size,
    "drain": _drain,
    "delay": _delay,
    "place": _where,
    "node": _node,
}
"""For each head: the choice that says what was done. A head is only asked for the categories that use it."""

assert set(CHOOSE) == set(HEADS), "every head has an inverse"
assert set(USED_BY) == set(Action)
