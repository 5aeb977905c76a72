"""`planaria memory stats`, `planaria memory export` and `planaria memory prune`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from planaria_policy.errors import PolicyError
from planaria_policy.memory.exporting import write
from planaria_policy.memory.memory import Memory
from planaria_policy.memory.place import Place, place
from planaria_policy.memory.results import Stats

FILE: Final = "planaria-memory.db"
FAILED: Final = 2

STATS_EXAMPLE = """\
example, a memory that a cluster's trainers share:
  planaria memory stats --memory postgresql://planaria@db.example/planaria
"""
EXPORT_EXAMPLE = """\
example, what was done in incidents that did not recover:
  planaria memory export | jq -c 'select(.recovered | not) | [.fault, .actions]'
"""
PRUNE_EXAMPLE = """\
example, keep the 10 000 that are most worth keeping, and give the space back:
  planaria memory prune --keep 10000
"""


def stats(arguments: Sequence[str]) -> int:
    parser = _parser("stats", "Tell what a trajectory memory holds.", STATS_EXAMPLE)
    options = parser.parse_args(arguments)
    return _with_memory(options.memory, lambda memory: _show(memory.stats(), place(options.memory)))


def export(arguments: Sequence[str]) -> int:
    parser = _parser(
        "export", "Write the remembered incidents as JSON lines, one for each incident.", EXPORT_EXAMPLE
    )
    parser.add_argument("--output", default="-", metavar="FILE", help="default: standard output")
    options = parser.parse_args(arguments)

    def run(memory: Memory) -> None:
        if options.output == "-":
            write(memory.trajectories(), sys.stdout)
            return
        count = memory.export(Path(options.output))
        words = f"wrote {options.output}: {count} incidents"
        Console(stderr=True).print(words, markup=False, soft_wrap=True)

    return _with_memory(options.memory, run)


def prune(arguments: Sequence[str]) -> int:
    parser = _parser(
        "prune",
        "Remove what cannot be read, then what is least worth keeping (equation 9), and give the space back.",
        PRUNE_EXAMPLE,
    )
    parser.add_argument(
        "--keep", type=_count, required=True, metavar="N", help="how many trajectories remain"
    )
    options = parser.parse_args(arguments)

    def run(memory: Memory) -> None:
        gone = memory.prune(options.keep)
        Console().print(f"removed {gone} trajectories, {len(memory)} remain")

    return _with_memory(options.memory, run)


def _with_memory(name: str, run: Callable[[Memory], None]) -> int:
    try:
        with Memory.open(name, create=False) as memory:
            run(memory)
    except PolicyError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return FAILED
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _show(found: Stats, where: Place) -> None:
    table = Table("", "", title=Text(f"memory {where}"), show_header=False)
    table.add_row("trajectories", f"{found.count}")
    table.add_row("recovered", f"{found.recovered:.1%}")
    for source, count in found.by_source.items():
        table.add_row(f"from the {source}", f"{count}")
    if found.count:
        table.add_row("policy versions", f"{found.oldest_version} to {found.newest_version}")
    table.add_row("on disk", f"{found.bytes / 2**20:.1f} MiB")
    table.add_section()
    for fault, count in found.by_fault.items():
        table.add_row(fault, f"{count}")
    Console().print(table)


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def _parser(name: str, description: str, example: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"planaria memory {name}", description=description, epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--memory",
        default=FILE,
        metavar="URL-or-FILE",
        help="PostgreSQL or a file, default: %(default)s",
    )
    return parser
