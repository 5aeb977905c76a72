"""What a database says, in our tree of errors: what a person can mend, what passes, and what is damaged."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import exc

from planaria_policy.errors import BadData, PolicyError, Temporary


class Damaged(BadData):
    """The file is no database, or no longer a whole one."""


SQLITE: Final[dict[str, tuple[type[PolicyError], str]]] = {
    "SQLITE_NOTADB": (Damaged, "it is not a SQLite database"),
    "SQLITE_CORRUPT": (Damaged, "it is damaged"),
    "SQLITE_CANTOPEN": (BadData, "it cannot be opened: look at the folder and its permissions"),
    "SQLITE_PERM": (BadData, "no permission to open it"),
    "SQLITE_AUTH": (BadData, "no permission to open it"),
    "SQLITE_READONLY": (BadData, "it may not be written: look at the permissions of the file and its folder"),
    "SQLITE_FULL": (Temporary, "no space is left on its disk"),
    "SQLITE_IOERR": (Temporary, "its disk failed"),
    "SQLITE_BUSY": (Temporary, "another process has been writing to it for too long"),
    "SQLITE_LOCKED": (Temporary, "another connection holds it"),
}
PASSING_STATES: Final = ("08", "25006", "40", "53", "55", "57")
"""Beginnings of SQLSTATE: connection, a primary that was demoted, serialisation, resources, object in use (a lock
time-out), intervention (a statement time-out, a shutdown)."""
MENDABLE: Final = (
    "authentication failed",
    "no pg_hba.conf entry",
    "does not exist",
    "no password supplied",
    "permission denied",
)
"""PostgreSQL gives no SQLSTATE where it refuses a connection, only words."""


@contextmanager
def told(place: str) -> Iterator[None]:
    """Turns what the database raises inside into BadData or Temporary, with `place` and the cause."""
    try:
        yield
    except exc.TimeoutError as error:
        raise Temporary(f"memory {place}: every connection is in use") from error
    except exc.DBAPIError as error:
        raise _named(error, place) from error


def _named(error: exc.DBAPIError, place: str) -> PolicyError:
    said = str(error.orig).strip().split("\n")[0]
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite(error.orig, place)
    state = getattr(error.orig, "sqlstate", None)
    if state is None and isinstance(error, exc.OperationalError):
        kind = BadData if any(words in said for words in MENDABLE) else Temporary
        return kind(f"memory {place}: PostgreSQL is not reached: {said}")
    kind = Temporary if str(state).startswith(PASSING_STATES) else BadData
    return kind(f"memory {place}: PostgreSQL refused: {said}")


def _sqlite(error: sqlite3.Error, place: str) -> PolicyError:
    name = getattr(error, "sqlite_errorname", "")
    for begin, (kind, why) in SQLITE.items():
        if name.startswith(begin):
            return kind(f"memory {place}: {why} ({error})")
    return BadData(f"memory {place}: {error}")
