"""Calling other programs: one function, one kind of failure."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from planaria_cluster.errors import ClusterError, CommandError, PrerequisiteError


class Runner(Protocol):
    """What the kind provider calls programs through, so that its tests can record instead of run."""

    def __call__(
        self, argv: Sequence[str], *, stdin: str | None = None, env: Mapping[str, str] | None = None
    ) -> str: ...


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    `env` is added to the present environment. `timeout` is in seconds, default none.
    Raises PrerequisiteError where the program is missing, CommandError where it fails, ClusterError past the timeout.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin if stdin is not None else "",
            env={**os.environ, **(env or {})},
            cwd=cwd,
            timeout=timeout,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise PrerequisiteError(
            f"{words[0]} is not installed; `python -m planaria_cluster doctor` says how"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"{' '.join(words[:3])} did not end within {timeout:.0f} s") from error
    if done.returncode != 0:
        raise CommandError(words, done.returncode, done.stdout + done.stderr)
    return done.stdout


def succeeds(argv: Sequence[str | Path], *, timeout: float = 10) -> bool:
    """Whether the program is there and ends with status 0 within `timeout` seconds."""
    try:
        run(argv, timeout=timeout)
    except ClusterError:
        return False
    return True
