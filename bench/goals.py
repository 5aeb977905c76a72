"""What a table must show, and whether it does."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True)
class Goal:
    name: str
    met: bool
    measured: str
    wanted: str


def table(goals: Sequence[Goal]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("GOAL", "MEASURED", "WANTED", ""):
        shown.add_column(heading)
    for goal in goals:
        verdict = "[green]met[/]" if goal.met else "[bold red]missed[/]"
        shown.add_row(goal.name, goal.measured, goal.wanted, verdict)
    return shown
