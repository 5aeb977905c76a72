"""Two runs of this tool must not build, or change, the same thing at once."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from planaria_cluster.paths import make_folder
from planaria_cluster.progress import Progress


@contextmanager
def locked(path: Path, progress: Progress, *, remove: bool = False) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, wait for another run, saying so; `remove` deletes the file at the end.

    The kernel drops the lock when its holder dies, so a killed run blocks nobody.
    """
    make_folder(path.parent)
    with ExitStack() as stack:
        while True:
            file = stack.enter_context(path.open("w"))
            _lock(file, path, progress)
            if _is(file, path):
                break  # else its last holder has deleted it, and a third run may hold the new one
        yield
        if remove:
            path.unlink(missing_ok=True)


def _lock(file: TextIO, path: Path, progress: Progress) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with progress.step(f"waiting for another run that holds {path}"):
            fcntl.flock(file, fcntl.LOCK_EX)


def _is(file: TextIO, path: Path) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False
