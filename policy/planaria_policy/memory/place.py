"""Where a memory lies: a file, or a PostgreSQL server."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from planaria_policy.errors import BadData


@dataclass(frozen=True)
class Place:
    url: URL
    file: Path | None
    """None for PostgreSQL."""

    def __str__(self) -> str:
        """For messages: the password is left out."""
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)


def place(given: str | Path) -> Place:
    """`given`: a file, `sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`. Raises BadData."""
    if isinstance(given, Path) or "://" not in given:
        return _file(Path(given))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:  # the latter for a port that is no number
        raise BadData(
            "the memory's URL cannot be read; give postgresql://USER@HOST/DATABASE or a file"
        ) from error
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise BadData("a memory needs a file: give sqlite:///FILE")
        return _file(Path(url.database))
    if kind in {"postgresql", "postgres"}:
        return Place(url.set(drivername="postgresql+psycopg"), None)
    raise BadData(f"a memory is kept in SQLite or PostgreSQL, not in {kind}: give a file or postgresql://…")


def _file(file: Path) -> Place:
    if str(file) in {"", "."}:
        raise BadData("the memory's file has no name")
    return Place(URL.create("sqlite", database=str(file)), file)
