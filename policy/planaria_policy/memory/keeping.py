"""Equation 9: which trajectories are worth keeping, and which go where there are too many."""

import numpy as np

from planaria_contract import Fault
from planaria_policy.memory.index import Flags, Ids, Table
from planaria_policy.memory.rules import Rules


def superfluous(rows: Table, keep: int, rules: Rules) -> Ids:
    """The ids of those that go, so that `keep` remain. `rows`: as `memory.index.KIND` describes them."""
    surplus = len(rows) - keep
    if surplus <= 0:
        return np.empty(0, np.int64)
    order = _least_first(rows, rules)
    free = order[~_reserved(rows["fault"][order], keep, rules)]
    return np.sort(rows["id"][free[:surplus]])


def _least_first(rows: Table, rules: Rules) -> Ids:
    """Positions: first what equation 9 has no reason to keep; among equals the lower priority, then the older."""
    worth = (
        # Above, not at: where new trajectories all share the highest priority, that alone is no distinction.
        (rows["total"] > np.quantile(rows["total"], rules.quantile))
        | rows["failed"]
        | (rows["priority"] > np.quantile(rows["priority"], rules.quantile))
    )
    return np.lexsort((rows["id"], rows["priority"], worth))


def _reserved(faults: Ids, keep: int, rules: Rules) -> Flags:
    """The best of each class, as many as its reserve holds, may not be pushed out by other classes.

    `faults`: the class of each, the least worth keeping first. The rare part of equation 9.
    """
    classes = max(len(Fault), int(faults.max()) + 1)
    reserve = int(rules.reserve * keep / classes)
    held = np.zeros(len(faults), np.bool_)
    for fault in np.unique(faults):
        held[np.flatnonzero(faults == fault)[::-1][:reserve]] = True
    return held
