"""What every command that needs a cluster does around its measuring."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from planaria_cluster import ClusterError
from planaria_cluster.provider import DEFAULT_NAME
from planaria_scenarios.errors import ScenarioError

Run = Callable[[argparse.Namespace], int]


def add_usual(
    parser: argparse.ArgumentParser, check: str = "every goal is met", cluster: str = DEFAULT_NAME
) -> None:
    """--json, --check and --cluster. `check`: unless what the exit status is 1; `cluster`: the default."""
    add = parser.add_argument
    add("--json", type=Path, metavar="FILE", help="write everything that was measured there")
    add("--check", action="store_true", help=f"exit 1 unless {check}")
    add("--cluster", default=cluster, metavar="NAME", help="default: %(default)s")


def guarded(*missing: type[Exception]) -> Callable[[Run], Run]:
    """Gives `run` the exit status 2 where there was nothing to measure on, 130 where a person ended it.

    `missing`: what else it raises where something that it needs is not here.
    """
    told: tuple[type[Exception], ...] = (ClusterError, ScenarioError, *missing)

    def around(run: Run) -> Run:
        @wraps(run)
        def with_status(options: argparse.Namespace) -> int:
            try:
                return run(options)
            except told as error:
                print(f"error: {error}", file=sys.stderr)
                return 2
            except (KeyboardInterrupt, asyncio.CancelledError):
                print("interrupted; nothing was left behind", file=sys.stderr)
                return 130

        return with_status

    return around
