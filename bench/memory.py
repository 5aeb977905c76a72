"""What the trajectory memory costs when it is full: inserting, drawing, opening, and its size. Needs .venv-train."""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.goals import Goal, status
from bench.goals import table as goals_table
from bench.memory_parts import measure, simulated
from bench.postgres import Server
from bench.written import origin, write_json

HELP = "insert and sample rates at 50 000 trajectories, size on disk, SQLite and PostgreSQL"
EXAMPLE = """\
examples:
  python -m bench memory                                 five minutes
  python -m bench memory --count 5000 --only sqlite
  python -m bench memory --json docs/memory.json

Trajectories are simulated incidents that a policy healed; 4096 different ones, again and again under new names. They come and are
drawn as a round of training does it: 512 added in one transaction, 1024 drawn. PostgreSQL is started for it, on a socket, and
waits for the disk as it does by default; where it is not installed, only SQLite is measured. Core time is that of our own process.
"""
KINDS: Final = ("sqlite", "postgresql")
SHOWN: Final = {
    "fill_per_second": "inserted a second while it fills",
    "insert_per_second": "inserted a second when it is full",
    "insert_core_us": "  of a core for each, us",
    "sample_per_second": "drawn a second",
    "sample_core_us": "  of a core for each, us",
    "reprioritise_per_second": "priorities set a second",
    "nearest_ms": "3 nearest incidents, ms",
    "open_seconds": "opened, s",
    "first_draw_seconds": "first draw after that, s",
    "mib": "on disk, MiB",
    "bytes_each": "bytes of each",
    "decisions": "decisions of each",
}

Found = dict[str, dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--count", type=int, default=50_000, metavar="N", help="trajectories; default: %(default)s"
    )
    parser.add_argument("--only", choices=KINDS, help="default: both")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured there")
    parser.add_argument("--check", action="store_true", help="exit 1 unless every goal is met")


def run(options: argparse.Namespace) -> int:
    console, found = Console(), Found()
    with Progress(transient=True, console=console) as progress:
        some = simulated(_told(progress, "simulated incidents"))
        for kind in KINDS if options.only is None else (options.only,):
            try:
                found[kind] = _measure(kind, some, options.count, _told(progress, kind))
            except FileNotFoundError as error:
                console.print(f"[yellow]{kind} is not measured: {error}[/]")
    goals = [_kept(kind, one, options.count) for kind, one in found.items()]
    console.print(_table(found), goals_table(goals))
    if options.json:
        _write(options.json, found, goals)
    return status(options, goals)


def _told(progress: Progress, what: str) -> Callable[[float], None]:
    task = progress.add_task(what, total=1.0)
    return lambda share: progress.update(task, completed=share)


def _measure(kind: str, some: list[Any], count: int, progress: Callable[[float], None]) -> dict[str, Any]:
    """Raises FileNotFoundError where `kind` is not installed."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            one = measure(str(Path(folder) / "memory.db"), some, count, progress)
    else:
        server = Server()
        try:
            one = measure(server.database("memory"), some, count, progress)
        finally:
            server.stop()
    return {**one, "mib": one["bytes"] / 2**20, "bytes_each": one["bytes"] / one["after_more"]}


def _kept(kind: str, one: dict[str, Any], count: int) -> Goal:
    held = one["trajectories"], one["after_more"]
    measured = f"{held[0]:,} and {held[1]:,}"
    return Goal(f"{kind}: kept when full, and after more", held == (count, count), measured, f"{count:,}")


def _table(found: Found) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("")
    for kind in found:
        shown.add_column(kind.upper(), justify="right")
    for name, words in SHOWN.items():
        shown.add_row(words, *(_figure(one[name]) for one in found.values()))
    return shown


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _write(file: Path, found: Found, goals: list[Goal]) -> None:
    body = {
        **origin("memory"),
        **found,
        "goals": [asdict(goal) for goal in goals],
    }
    write_json(file, body)
