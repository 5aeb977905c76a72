"""The remembered incidents that began most like one that is asked about."""

import numpy as np
import numpy.typing as npt

from planaria_policy.memory.index import Ids, Index
from planaria_policy.memory.results import Measure

Matrix = npt.NDArray[np.float32]


class Nearby:
    """The first facts of all as one matrix, made when somebody asks and kept until the index changes."""

    def __init__(self) -> None:
        self._made_from: tuple[Index, int, int] | None = None
        self._ids: Ids = np.empty(0, np.int64)
        self._facts: Matrix = np.empty((0, 0), np.float32)
        self._lengths: Matrix = np.empty(0, np.float32)

    def find(self, index: Index, facts: Matrix, count: int, measure: Measure) -> list[tuple[int, float]]:
        """(id, distance), the nearest first. Incidents with another number of facts are not compared."""
        self._refresh(index, len(facts))
        if not len(self._ids) or count < 1:
            return []
        distances = self._distances(facts.astype(np.float32), measure)
        nearest = np.argpartition(distances, min(count, len(distances)) - 1)[:count]
        nearest = nearest[np.argsort(distances[nearest], kind="stable")]
        return [(int(self._ids[at]), float(distances[at])) for at in nearest]

    def _distances(self, facts: Matrix, measure: Measure) -> Matrix:
        dots, length = self._facts @ facts, float(np.linalg.norm(facts))
        if measure == "cosine":
            return np.clip(1 - dots / np.maximum(self._lengths * length, 1e-12), 0, 2)
        return np.sqrt(np.maximum(self._lengths**2 - 2 * dots + length**2, 0))

    def _refresh(self, index: Index, width: int) -> None:
        now = (index, index.generation, width)
        if self._made_from == now:
            return
        rows = index.rows[index.rows["width"] == width]
        packed = b"".join(rows["first"])
        self._facts = np.frombuffer(packed, "<f2").reshape(len(rows), width).astype(np.float32)
        self._lengths = np.linalg.norm(self._facts, axis=1).astype(np.float32)
        self._ids = rows["id"].copy()
        self._made_from = now
