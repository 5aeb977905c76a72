"""Opens what a memory lies in: looks whether it is sound, brings its schema up to date, sets a damaged file aside."""

from datetime import UTC, datetime
from pathlib import Path

from planaria_policy.errors import BadData
from planaria_policy.memory.engine import Engines, engines
from planaria_policy.memory.failures import Damaged, told
from planaria_policy.memory.place import Place
from planaria_policy.memory.upgrade import upgrade

BESIDE = ("", "-wal", "-shm")
"""What belongs to a file of SQLite."""


def open_(where: Place, *, create: bool, set_aside: bool) -> tuple[Engines, Path | None]:
    """(connections, where the damaged file went, if it was set aside). Raises BadData and Temporary."""
    if where.file:
        _look_at(where.file, create=create)
    seen = _inode(where)
    try:
        return _ready(where), None
    except Damaged as error:
        assert where.file is not None, "only a file is found damaged"
        aside = _aside(where.file)
        if not set_aside:
            raise BadData(
                f"{error}. Nothing was changed. Put a sound copy in its place, or begin a new memory with:"
                f" mv {where.file} {aside}"
            ) from error
        # Another process may have done so a moment ago: then the file is a new one, and sound.
        moved = _move(where.file, aside) if _inode(where) == seen else None
        return _ready(where), moved


def _look_at(file: Path, *, create: bool) -> None:
    try:
        if file.is_dir():
            raise BadData(
                f"memory {file}: it is a folder; name a file in it, such as {file / 'planaria-memory.db'}"
            )
        if not create and not file.exists():
            raise BadData(f"memory {file}: there is no such file; name one that is there")
        if create:
            file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadData(f"memory {file}: {error.strerror or error}") from error


def _ready(where: Place) -> Engines:
    found = engines(where)
    try:
        with told(str(where)):
            if where.file:
                _check(found, where)
            upgrade(found, str(where))
    except BaseException:
        found.close()
        raise
    return found


def _check(found: Engines, where: Place) -> None:
    with found.reading.connect() as connection:
        verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if verdict != "ok":
        raise Damaged(f"memory {where}: it is damaged ({str(verdict).splitlines()[-1]})")


def _inode(where: Place) -> int | None:
    return where.file.stat().st_ino if where.file and where.file.exists() else None


def _aside(file: Path) -> Path:
    stem, number = f"{file.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%SZ}", 1
    free = file.with_name(stem)
    while free.exists():  # renaming would overwrite it
        number += 1
        free = file.with_name(f"{stem}-{number}")
    return free


def _move(file: Path, aside: Path) -> Path:
    try:
        for end in BESIDE:
            part = Path(f"{file}{end}")
            if part.exists():
                part.rename(f"{aside}{end}")
    except OSError as error:
        raise BadData(
            f"memory {file}: it is damaged, and moving it to {aside} failed: {error.strerror}"
        ) from error
    return aside
