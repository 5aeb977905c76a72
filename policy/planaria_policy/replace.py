"""A file is replaced whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from planaria_policy.errors import BadData


def replace(path: Path, content: bytes | memoryview) -> None:
    """Raises `BadData` where it cannot be written; then what was there before stands, and nothing is left beside it."""
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise unwritable(path, error) from error


def unwritable(place: Path, error: OSError) -> BadData:
    why = error.strerror or type(error).__name__
    return BadData(f"{place}: cannot be written ({why}); mend that, or name another place with --output")
