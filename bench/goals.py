"""What a table must show, and whether it does."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Goal:
    name: str
    met: bool
    measured: str
    wanted: str


def table(goals: Sequence[Goal]) -> Table:
    found = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("GOAL", "MEASURED", "WANTED", ""):
        found.add_column(heading)
    for goal in goals:
        verdict = "[green]met[/]" if goal.met else "[bold red]missed[/]"
        found.add_row(goal.name, goal.measured, goal.wanted, verdict)
    return found


def shown(console: Console, *tables: Table, goals: Sequence[Goal]) -> None:
    """Prints the tables and then the goals, an empty line before each."""
    for each in (*tables, table(goals)):
        console.print()
        console.print(each)


def status(options: argparse.Namespace, goals: Sequence[Goal]) -> int:
    """The exit status: 1 where --check was asked for and a goal is missed, else 0."""
    return 1 if options.check and not all(goal.met for goal in goals) else 0
