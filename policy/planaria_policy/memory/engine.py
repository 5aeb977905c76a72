"""Connections: what is set on each, and how a transaction begins."""

import sqlite3
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event

from planaria_policy.memory.place import Place

CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 60
"""A server that stands still fails the call; it does not hang the trainer."""
BUSY_SECONDS: Final = 30
"""How long one process waits for another's write to a file."""
WRITES: Final = "planaria_writes"


@dataclass(frozen=True)
class Engines:
    """The same connections, to look and to write."""

    reading: Engine
    """Sees one moment for a whole transaction, whatever others write meanwhile."""
    writing: Engine

    def close(self) -> None:
        self.writing.dispose()


def engines(where: Place) -> Engines:
    """Does not connect yet."""
    if where.file is None:
        engine = _postgresql(where)
        return Engines(engine.execution_options(isolation_level="REPEATABLE READ"), engine)
    engine = create_engine(where.url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return Engines(engine, engine.execution_options(**{WRITES: True}))


def _postgresql(where: Place) -> Engine:
    limits = f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={STATEMENT_SECONDS}s"
    return create_engine(
        where.url,
        pool_pre_ping=True,
        pool_timeout=CONNECT_SECONDS,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": STATEMENT_SECONDS * 1000,  # a server whose network is gone
            "options": limits,
        },
    )


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """NORMAL with a write-ahead log: a killed process loses nothing that it committed, and a power cut cannot damage the
    file. A power cut can undo the last moments, which the next incidents bring again; FULL would pay for those with a
    wait for the disk at every change of a priority.
    """
    connection.isolation_level = None  # the driver would begin transactions where it likes; `_begin` does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """SQLite does not wait where two processes switch to the log at once, so we do."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: one that asks for it halfway is refused, not made to wait."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
