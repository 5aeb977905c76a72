"""The action space of equation 4: a category, and the heads that hold its parameters.

An action travels as one row of whole numbers: the category's index in `CATEGORIES`, then one choice for each head of
`HEADS`, in their order. A head that its category does not use holds 0 and means nothing.
"""

from itertools import product
from typing import Final

from planaria_contract import Action

CATEGORIES: Final = tuple(Action)
WORKLOAD_ONLY: Final = (Action.RESTART, Action.SCALE, Action.RESIZE, Action.ROLLBACK, Action.RELOAD)
"""What cannot be done to a node."""

WAITS: Final = (30, 60, 180)
"""Seconds."""
MOST_WAITS: Final = 12
"""In one incident; then something else must be chosen. The default of `escalation.maxWaits`."""
SCOPES: Final = ("pod", "workload")
SCALES: Final[tuple[tuple[str, float], ...]] = (
    ("target", 0.5),
    ("target", 1.5),
    ("target", 2.0),
    ("dependency", 1.0),
)
"""What is scaled, by how much. 1.0 restores the last known count of a dependency that stands at zero."""
SIZES: Final = tuple(product(("cpu", "memory", "both"), (1.5, 2.0, 3.0)))
"""Which limit, by how much. None is below 1: Planaria does not shrink what runs."""
DRAINS: Final = (False, True)
DELAYS: Final = (0, 30, 120)
"""Seconds."""

FIXED: Final[dict[str, int]] = {
    "wait": len(WAITS),
    "scope": len(SCOPES),
    "scale": len(SCALES),
    "size": len(SIZES),
    "drain": len(DRAINS),
    "delay": len(DELAYS),
}
"""Heads with as many choices in every incident."""

POINTERS: Final = ("place", "node")
"""Heads that point at one of the candidate nodes, however many. `place` is where a pod goes, and its last choice
leaves it to the scheduler; `node` is which node is isolated."""

HEADS: Final = (*FIXED, *POINTERS)

USED_BY: Final[dict[Action, tuple[str, ...]]] = {
    Action.NONE: ("wait",),
    Action.RESTART: ("scope", "delay"),
    Action.MIGRATE: ("place", "delay"),
    Action.SCALE: ("scale", "delay"),
    Action.RESIZE: ("size",),
    Action.ROLLBACK: (),
    Action.ISOLATE: ("node", "drain"),
    Action.RELOAD: (),
    Action.ESCALATE: (),
}

COLUMN: Final[dict[str, int]] = {"category": 0} | {head: number for number, head in enumerate(HEADS, start=1)}
"""Where each part of an action stands in its row."""


def used(head: str) -> tuple[bool, ...]:
    """For each category whether it uses `head`."""
    return tuple(head in USED_BY[category] for category in CATEGORIES)
