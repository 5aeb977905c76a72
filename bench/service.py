"""What it costs to ask the policy service: latency under load on one core, memory, cold start."""

import argparse
import asyncio
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.goals import Goal, status
from bench.goals import table as goals_table
from bench.service_load import bodies, load
from bench.service_process import service
from bench.written import origin, write_json

HELP = "latency at 500 questions a second on one core, memory and cold start of the policy service"
EXAMPLE = """\
examples:
  python -m bench service                               a minute and a half
  python -m bench service --first                       as root: before everything else that runs on this machine
  python -m bench service --rate 250 --seconds 5 --repeat 1
  python -m bench service --json docs/service.json --check

The service is a process of its own on one core; the load runs on another. A latency counts from when a question was due, not from
when it could be sent. Every repetition starts a new process, so each has its own cold start. A goal holds for the median of the
repetitions. Where others use the service's core too, the last column says for what share of the time it had to wait for them.
"""
RATE, P99_MS, MEMORY_MIB, COLD_SECONDS = 500, 10.0, 80.0, 1.0

Row = dict[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=int, default=RATE, metavar="N", help="a second; default: %(default)s")
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="of one repetition; default: %(default)s"
    )
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--first", action="store_true", help="run before all other processes of this machine (needs root)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured there")
    parser.add_argument("--check", action="store_true", help="exit 1 unless every goal is met")


def run(options: argparse.Namespace) -> int:
    console = Console()
    if options.first:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # the service inherits it
        except PermissionError:
            console.print("error: --first: only root may run before others; leave it out, or use sudo")
            return 2
    questions = bodies()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bytecode = Path(folder)
        with service(min(os.sched_getaffinity(0)), bytecode):
            pass  # compiles every module, as an installation does
        for number in range(options.repeat):
            with console.status(f"repetition {number + 1} of {options.repeat}"):
                rows.append(_measure(questions, bytecode, options))
    goals = _goals(rows, options.rate)
    console.print(_table(rows), goals_table(goals))
    if options.json:
        _write(options, rows, goals)
    return status(options, goals)


def _measure(questions: list[bytes], bytecode: Path, options: argparse.Namespace) -> Row:
    """The service on the first core, ourselves on the others where there are any."""
    cores = sorted(os.sched_getaffinity(0))
    with service(cores[0], bytecode) as started:
        os.sched_setaffinity(0, cores[1:] or cores)
        try:
            found = asyncio.run(load(started, questions, options.rate, options.seconds))
        finally:
            os.sched_setaffinity(0, cores)
        for path in ("/healthz", "/metrics"):  # as a cluster asks too; what that loads belongs to its memory
            started.ask(path)
        return {
            **found.as_json(),
            **{f"{name}_mib": size for name, size in started.mib().items()},
            "cold_seconds": started.cold_seconds,
            "cold_cpu_seconds": started.cold_cpu_seconds,
        }


def _goals(rows: list[Row], rate: int) -> list[Goal]:
    def at_most(name: str, value: float, most: float, unit: str) -> Goal:
        return Goal(name, value <= most, f"{value:.2f} {unit}", f"<= {most:g} {unit}")

    failed = sum(row["failed"] for row in rows)
    return [
        at_most(f"p99 at {rate} a second on one core", _median(rows, "p99_ms"), P99_MS, "ms"),
        at_most("memory after the load (RSS)", _median(rows, "rss_mib"), MEMORY_MIB, "MiB"),
        at_most("cold start", _median(rows, "cold_seconds"), COLD_SECONDS, "s"),
        Goal("questions that failed", failed == 0, f"{failed:.0f}", "0"),
    ]


def _median(rows: list[Row], name: str) -> float:
    return median(row[name] for row in rows)


COLUMNS: Final = {
    "p50_ms": "P50 MS",
    "p95_ms": "P95",
    "p99_ms": "P99",
    "longest_ms": "LONGEST",
    "cpu_ms_per_request": "CORE MS EACH",
    "core_busy": "CORE BUSY",
    "rss_mib": "RSS MIB",
    "pss_mib": "PSS",
    "cold_seconds": "COLD S",
    "cold_cpu_seconds": "OF CORE",
    "core_taken_by_others": "WAITED FOR CORE",
}


def _table(rows: list[Row]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in COLUMNS.values():
        shown.add_column(heading, justify="right")
    for row in rows:
        shares = {"core_busy", "core_taken_by_others"}
        shown.add_row(*(f"{row[name]:.1%}" if name in shares else f"{row[name]:.2f}" for name in COLUMNS))
    return shown


def _write(options: argparse.Namespace, rows: list[Row], goals: list[Goal]) -> None:
    body: dict[str, Any] = {
        **origin("service"),
        "rate": options.rate,
        "seconds": options.seconds,
        "before_others": options.first,
        "repetitions": rows,
        "goals": [asdict(goal) for goal in goals],
    }
    write_json(options.json, body)
