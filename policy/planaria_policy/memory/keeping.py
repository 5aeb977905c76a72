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
    free = order[~_reserved(rows, keep, rules)[order]]
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


def _reserved(rows: Table, keep: int, rules: Rules) -> Flags:
    """The newest of each class, as many as its reserve holds, may not be pushed out. The rare part of equation 9.

    The newest and not the best: what is rehearsed of a fault that is met no more is what the ablest policy did about it,
    and the best of what every policy did is able *and lucky* (docs/decisions/0037-*).
    """
    classes = max(len(Fault), int(rows["fault"].max()) + 1)
    reserve = int(rules.reserve * keep / classes)
    held = np.zeros(len(rows), np.bool_)
    newest = np.argsort(rows["id"])[::-1]
    for fault in np.unique(rows["fault"]):
        held[newest[rows["fault"][newest] == fault][:reserve]] = True
    return held
