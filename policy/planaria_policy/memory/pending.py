"""Decisions of incidents that are not over yet: kept in the same database, so that a restart or a second replica loses none."""

import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from planaria_policy.memory.failures import told
from planaria_policy.memory.schema import PENDING
from planaria_policy.memory.session import Session

MOST: Final = 20_000
"""Steps of all incidents; beyond that the oldest go."""
MOST_OF_ONE: Final = 64
"""Steps of one incident; beyond that the oldest but the very first go."""
LONGEST_SECONDS: Final = 7 * 86_400.0
"""Whoever was to report on an older one will not do it any more."""


class Pending:
    """For one thread, as the memory that it belongs to. Raises Temporary and BadData as that does."""

    def __init__(self, session: Session, *, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._session = session
        self._most, self._most_of_one = most, most_of_one

    def add(self, incident: str, data: bytes, now: float | None = None) -> None:
        """One more step of an incident. `now`: Unix seconds, for tests."""
        kept_at = time.time() if now is None else now
        where = self._session
        with told(str(where.where)), where.engines.writing.begin() as connection:
            connection.execute(insert(PENDING), {"incident": incident, "kept_at": kept_at, "data": data})
            connection.execute(delete(PENDING).where(PENDING.c.kept_at < kept_at - LONGEST_SECONDS))
            _drop(connection, _ids(connection, incident)[1 : 1 - self._most_of_one])
            over = max(0, _count(connection) - self._most)
            oldest = select(PENDING.c.id).order_by(PENDING.c.id).limit(over)
            _drop(connection, connection.execute(oldest).scalars().all())

    def of(self, incident: str) -> list[bytes]:
        """The steps of an incident in the order in which they came; empty for an unknown one."""
        asked = select(PENDING.c.data).where(PENDING.c.incident == incident).order_by(PENDING.c.id)
        where = self._session
        with told(str(where.where)), where.engines.reading.begin() as connection:
            return [bytes(data) for data in connection.execute(asked).scalars()]

    def drop(self, incident: str) -> None:
        where = self._session
        with told(str(where.where)), where.engines.writing.begin() as connection:
            connection.execute(delete(PENDING).where(PENDING.c.incident == incident))

    def __len__(self) -> int:
        """Steps of all incidents."""
        where = self._session
        with told(str(where.where)), where.engines.reading.begin() as connection:
            return _count(connection)


def _ids(connection: Connection, incident: str) -> list[int]:
    asked = select(PENDING.c.id).where(PENDING.c.incident == incident).order_by(PENDING.c.id)
    return list(connection.execute(asked).scalars())


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(PENDING)).scalar_one())


def _drop(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        connection.execute(delete(PENDING).where(PENDING.c.id.in_(ids)))
