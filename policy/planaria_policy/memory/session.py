"""Transactions, and the index in RAM that follows what they and other processes write."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sqlalchemy import Connection

from planaria_policy.memory import store
from planaria_policy.memory.engine import Engines
from planaria_policy.memory.failures import told
from planaria_policy.memory.index import Index
from planaria_policy.memory.place import Place
from planaria_policy.memory.store import State


class Session:
    """For one thread. Other threads and processes open the memory for themselves."""

    def __init__(self, engines: Engines, where: Place, alpha: float) -> None:
        self.engines = engines
        self.where = where
        self._alpha = alpha
        self._forget()

    def _forget(self) -> None:
        self.index = Index(self._alpha)
        self._clock = 0

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """One moment of the memory, with an index that is in step with it."""
        with self._told(), self.engines.reading.begin() as connection:
            self._follow(connection, store.state(connection))
            yield connection

    @contextmanager
    def write(self, ids: int = 0) -> Iterator[tuple[Connection, State]]:
        """One transaction, which nobody sees unless it is done to its end. The caller keeps the index in step."""
        with self._told():
            with self.engines.writing.begin() as connection:
                state = store.begin_write(connection, ids)
                self._follow(connection, state._replace(clock=state.clock - 1))
                yield connection, state
            self._clock = state.clock

    def give_space_back(self) -> None:
        """To the file system; a PostgreSQL server uses its space again by itself."""
        if self.where.file is None:
            return
        with self._told(), self.engines.writing.connect() as connection:
            # Outside a transaction, which SQLAlchemy would begin.
            raw = connection.connection.cursor()
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """After a failure nobody knows how far the index came: it is read anew."""
        try:
            with told(str(self.where)):
                yield
        except BaseException:
            self._forget()
            raise

    def _follow(self, connection: Connection, now: State) -> None:
        if now.clock == self._clock:
            return
        if now.removed_at > self._clock and len(self.index):
            self.index.keep_only(np.array(store.ids(connection), np.int64))
        self.index.put(store.changed_since(connection, self._clock))
        self._clock = now.clock
