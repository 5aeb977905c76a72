"""The trajectory memory: what goes in, what is drawn from it, and what it can tell."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from planaria_policy.memory import drawing, exporting, reading, store
from planaria_policy.memory.index import Ids
from planaria_policy.memory.keeping import superfluous
from planaria_policy.memory.nearby import Nearby
from planaria_policy.memory.opening import open_
from planaria_policy.memory.pending import Pending
from planaria_policy.memory.place import place
from planaria_policy.memory.results import Measure, Neighbour, Sample, Stats
from planaria_policy.memory.rules import USUAL, Rules
from planaria_policy.memory.session import Session
from planaria_policy.memory.surveying import survey
from planaria_policy.memory.trajectory import Trajectory
from planaria_policy.memory.words import actions

CAPACITY: Final = 50_000
"""Trajectories, as the paper has it."""


class Memory:
    """For one thread; every other thread or process opens it for itself, and sees what the others write.

    Every method raises Temporary where the database does not answer in time, and BadData where it is damaged.
    """

    def __init__(self, session: Session, capacity: int, rules: Rules, set_aside: Path | None) -> None:
        self.capacity = capacity
        self.rules = rules
        self.set_aside = set_aside
        """Where a damaged file was moved when this memory was opened; None where it was sound."""
        self.pending = Pending(session)
        """Decisions of incidents that are not over yet."""
        self._session = session
        self._nearby = Nearby()
        self._pool: tuple[object, drawing.Pool] | None = None

    @classmethod
    def open(
        cls,
        url: str | Path,
        capacity: int = CAPACITY,
        *,
        rules: Rules = USUAL,
        create: bool = True,
        set_aside: bool = False,
    ) -> Self:
        """`url`: a file, or postgresql://USER:PASSWORD@HOST/DATABASE. The schema is brought up to date.

        `create=False` refuses a file that is not there. A damaged file raises BadData; with `set_aside=True` it is
        renamed to NAME.corrupt-<UTC time>, never deleted, and the memory begins anew. Raises BadData also for a folder,
        a lack of permission, another program's file or a newer Planaria's; Temporary for a server that is not reached.
        """
        if capacity < 1:
            raise ValueError("the capacity must be at least 1")
        where = place(url)
        engines, aside = open_(where, create=create, set_aside=set_aside)
        return cls(Session(engines, where, rules.alpha), capacity, rules, aside)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._session.engines.close()

    def __len__(self) -> int:
        with self._session.look():
            return len(self._session.index)

    def add(self, trajectories: Iterable[Trajectory]) -> None:
        """All or none, in one transaction. A known incident is replaced; what goes beyond the capacity goes."""
        records = [store.record(each) for each in {each.incident: each for each in trajectories}.values()]
        if not records:
            return
        with self._session.write(ids=len(records)) as (connection, state):
            index = self._session.index
            replaced = store.ids_of(connection, (each.values["incident"] for each in records))
            self._remove(connection, np.array(replaced, np.int64), state)
            more = {"priority": index.highest_priority(), "changed": state.clock}
            numbers = range(state.next_id - len(records), state.next_id)
            store.put(connection, records, numbers, **more)
            index.append(
                SimpleNamespace(**each.values, **more, id=number)
                for number, each in zip(numbers, records, strict=True)
            )
            self._remove(connection, superfluous(index.rows, self.capacity, self.rules), state)

    def _remove(self, connection: Connection, ids: Ids, state: store.State) -> None:
        if len(ids):
            store.remove(connection, ids.tolist(), state.clock)
            self._session.index.drop(ids)

    def sample(
        self,
        count: int,
        draws: np.random.Generator,
        beta: float,
        *,
        rare_share: float = 0.1,
        max_age: int | None = None,
        without: Iterable[str] = (),
    ) -> Sample:
        """`count` trajectories by equation 10, with replacement; none where the memory has none that is fresh.

        `beta`: 0 leaves the weights at 1, 1 undoes the bias of the draw wholly. `rare_share`: part of the batch for
        fault classes with less than half an even share. `max_age`: trajectories of policies more than so many versions
        older than the newest of the same fault are kept, but not drawn; None draws any. `without`: faults that are not drawn.
        """
        with self._session.look() as connection:
            index = self._session.index
            odds = drawing.odds(index.rows["mass"], self._fresh(max_age, frozenset(without)), rare_share)
            picked = drawing.draw(odds, count, draws)
            ids = index.ids()[odds.pool.fresh[picked]]
            drawn: list[int] = np.unique(ids).tolist()
            blobs = store.blobs(connection, drawn)
        known = {number: reading.read(self._session, number, blobs) for number in drawn}
        return Sample(
            ids, tuple(known[number] for number in ids.tolist()), drawing.weights(odds, picked, beta)
        )

    def _fresh(self, max_age: int | None, without: frozenset[str]) -> drawing.Pool:
        index = self._session.index
        holds_for = (index, index.generation, max_age, without)
        if self._pool is None or self._pool[0] != holds_for:
            left_out = [number for number, fault in enumerate(index.faults) if fault in without]
            self._pool = holds_for, drawing.pool(index.rows, max_age, left_out)
        return self._pool[1]

    def reprioritise(self, ids: Ids, td_errors: npt.NDArray[np.floating]) -> None:
        """|TD error| of each, [B] both. Ids that are gone are passed over; of one drawn twice the last counts.

        Raises ValueError where a TD error is not finite: it would make the whole memory impossible to draw from.
        """
        errors = np.abs(np.asarray(td_errors, np.float64))
        if errors.shape != ids.shape or not np.isfinite(errors).all():
            raise ValueError("td_errors must be finite, one for each id")
        if not len(ids):
            return
        changed = dict(zip(ids.tolist(), (errors + self.rules.floor).tolist(), strict=True))
        with self._session.write() as (connection, state):
            store.reprioritise(connection, changed, state.clock)
            self._session.index.set_priorities(
                np.array(list(changed), np.int64), np.array(list(changed.values()))
            )

    def stats(self) -> Stats:
        with self._session.look() as connection:
            return survey(connection, self._session.where)

    def nearest(
        self, facts: npt.NDArray[np.float32], count: int, measure: Measure = "cosine"
    ) -> list[Neighbour]:
        """The remembered incidents whose first decision saw most nearly `facts` [F], the nearest first."""
        with self._session.look() as connection:
            found = self._nearby.find(self._session.index, facts, count, measure)
            blobs = store.blobs(connection, [number for number, _ in found])
        return [
            _neighbour(reading.read(self._session, number, blobs), distance) for number, distance in found
        ]

    def trajectories(self) -> Iterator[Trajectory]:
        """All, in the order in which they came; those that go meanwhile are left out."""
        return reading.everything(self._session)

    def export(self, path: Path) -> int:
        """Writes JSON lines, one incident each, and returns how many. An old file stays until the new one is whole."""
        return exporting.export(self.trajectories(), path)

    def prune(self, keep: int) -> int:
        """Removes what cannot be read, then what equation 9 would keep last, until `keep` remain. Returns how many went."""
        if keep < 0:
            raise ValueError("keep must not be negative")
        unreadable = reading.unreadable(self._session)
        with self._session.write() as (connection, state):
            index = self._session.index
            before = len(index)
            self._remove(connection, np.array(unreadable, np.int64), state)
            self._remove(connection, superfluous(index.rows, keep, self.rules), state)
        self._session.give_space_back()
        return before - len(index)


def _neighbour(one: Trajectory, distance: float) -> Neighbour:
    return Neighbour(
        one.incident, one.fault, distance, actions(one), one.note, one.total, one.recovered, one.harmed
    )
