"""Where things lie: built programs in a cache that clusters share, run state per cluster."""

import os
from pathlib import Path

from planaria_cluster.errors import PrerequisiteError, UsageError

ROOM = Path(__file__).resolve().parent.parent
KUBERNETES_SOURCE = ROOM / "kubernetes"
NETWORK_POLICIES_SOURCE = ROOM / "network-policies"
IMAGES_SOURCE = ROOM / "images"


def cache() -> Path:
    """`PLANARIA_CACHE`, default `~/.cache/planaria`. Costs minutes to rebuild, nothing else."""
    return Path(os.environ.get("PLANARIA_CACHE") or Path.home() / ".cache" / "planaria").absolute()


def state_root() -> Path:
    """`PLANARIA_STATE`, default `/var/lib/planaria`: one folder per cluster.

    Raises UsageError under /run, which each node covers with an empty one of its own.
    """
    root = Path(os.environ.get("PLANARIA_STATE") or "/var/lib/planaria").absolute()
    if root.is_relative_to("/run") or root.resolve().is_relative_to("/run"):
        raise UsageError(
            f"PLANARIA_STATE={root} lies under /run, which nodes cannot see; choose another folder"
        )
    return root


def make_folder(path: Path) -> Path:
    """Create `path` with its parents. Raises PrerequisiteError where the file system refuses."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PrerequisiteError(
            f"cannot create {path}: {error.strerror}; set PLANARIA_CACHE and PLANARIA_STATE to writable folders"
        ) from error
    return path


def write_if_changed(path: Path, text: str, mode: int = 0o600) -> None:
    """Leave a file alone that says so already: whoever watches it must not be woken by a repeated `up`."""
    if path.exists() and path.read_text() == text:
        return
    make_folder(path.parent)
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=mode)
    fresh.write_text(text)
    fresh.rename(path)
