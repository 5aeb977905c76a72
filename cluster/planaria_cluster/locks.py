"""Two runs of this tool must not build, or change, the same thing at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planaria_cluster.paths import make_folder
from planaria_cluster.progress import Progress


@contextmanager
def locked(path: Path, progress: Progress) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`; wait for another run, saying so.

    The kernel drops the lock when its holder dies, so a killed run blocks nobody.
    """
    make_folder(path.parent)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step(f"waiting for another run that holds {path}"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
