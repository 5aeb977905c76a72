"""What is known of every trajectory without unpacking it, in RAM: ids, priorities, faults, versions, first facts.

50,000 trajectories take about 15 MB, most of it the first facts.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row

Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Table = npt.NDArray[np.void]

KIND: Final = np.dtype(
    [
        ("id", np.int64),
        ("priority", np.float64),
        ("mass", np.float64),  # priority ** alpha, made once and not at every draw
        ("fault", np.int32),
        ("version", np.int64),
        ("total", np.float64),
        ("failed", np.bool_),
        ("width", np.int32),  # of the first facts; 0 where there are none
        ("first", np.object_),  # bytes: a matrix is made where somebody asks
    ]
)


class Index:
    """Rows in ascending order of id, because ids are handed out in that order."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self.rows: Table = np.empty(0, KIND)
        self.faults: list[str] = []
        self.generation = 0
        """Moves on when rows come or go: what others computed from anything but priorities holds for one generation."""

    def __len__(self) -> int:
        return len(self.rows)

    def ids(self) -> Ids:
        return cast(Ids, self.rows["id"])

    def put(self, found: Sequence[Row[Any]]) -> None:
        """Rows of `store.INDEXED` in order of id: a known one has a new priority, the rest are new."""
        last = int(self.rows["id"][-1]) if len(self) else 0
        known = [row for row in found if row.id <= last]
        new = [row for row in found if row.id > last]
        self.set_priorities(
            np.array([row.id for row in known], np.int64),
            np.array([row.priority for row in known], np.float64),
        )
        if new:
            self.append(new)

    def append(self, found: Iterable[Any]) -> None:
        new = np.array([self._entry(row) for row in found], KIND)
        self.rows = np.concatenate([self.rows, new])
        self.generation += 1

    def _entry(self, row: Any) -> tuple[object, ...]:
        first = row.first_facts or b""
        failed = row.harmed or not row.recovered
        mass, code = row.priority**self.alpha, self._code(row.fault)
        return (
            row.id, row.priority, mass, code, row.policy_version, row.total, failed, len(first) // 2, first,
        )  # fmt: skip

    def _code(self, fault: str) -> int:
        if fault not in self.faults:
            self.faults.append(fault)
        return self.faults.index(fault)

    def drop(self, ids: Ids) -> None:
        self.keep(~np.isin(self.rows["id"], ids))

    def keep_only(self, ids: Ids) -> None:
        self.keep(np.isin(self.rows["id"], ids))

    def keep(self, which: Flags) -> None:
        if not which.all():
            self.rows = self.rows[which]
            self.generation += 1

    def set_priorities(self, ids: Ids, priorities: npt.NDArray[np.float64]) -> None:
        """Ids that are not here are passed over."""
        if not len(ids) or not len(self):
            return
        at = np.minimum(np.searchsorted(self.rows["id"], ids), len(self) - 1)
        here = self.rows["id"][at] == ids
        self.rows["priority"][at[here]] = priorities[here]
        self.rows["mass"][at[here]] = priorities[here] ** self.alpha

    def highest_priority(self) -> float:
        """What a new trajectory gets, so that it is drawn soon: the highest there is, 1 in an empty memory."""
        return float(self.rows["priority"].max()) if len(self) else 1.0
