"""Results in, rows, goals and tables out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from bench.goals import Goal
from bench.written import origin
from planaria_scenarios.result import Result


@dataclass(frozen=True)
class Row:
    """One fault. Seconds since it was visible; None where it did not come to that."""

    name: str
    title: str
    actions: str
    applied: float | None
    recovered: float | None
    alone: float | None
    """Recovered without the operator."""
    watched: float
    """How long it was watched with the operator."""
    alone_watched: float | None
    """How long without it; None where that was not run."""
    harm: int


def rows(on: Sequence[Result], off: Sequence[Result]) -> list[Row]:
    alone = {result.name: result for result in off}
    return [_row(result, alone.get(result.name)) for result in on if result.kind == "fault"]


def _row(on: Result, off: Result | None) -> Row:
    done = [f"{item.action} {item.target}" for item in on.actions if item.applied is not None]
    return Row(
        name=on.name,
        title=on.title,
        actions=", ".join(done) or "none",
        applied=on.applied_after,
        recovered=on.recovered_after,
        alone=off.recovered_after if off else None,
        watched=_watched(on),
        alone_watched=_watched(off) if off and not off.error else None,
        harm=len(on.harm),
    )


def _watched(result: Result) -> float:
    """A limit counts from injection, a row from the fault being visible."""
    return result.limit_seconds - (result.visible_after or 0)


def goals(on: Sequence[Result]) -> list[Goal]:
    faults = [result for result in on if result.kind == "fault"]
    idle = [result for result in on if result.kind == "control"]
    healed = sum(result.recovered and not result.problems and not result.error for result in faults)
    harmed = sum(bool(result.harm) for result in on)
    acted = sum(len(result.actions) for result in idle)
    clean = sum(result.ok for result in idle)
    return [
        Goal(
            "faults recovered by the right action", healed == len(faults), f"{healed} of {len(faults)}", "all"
        ),
        Goal("scenarios with harm", harmed == 0, str(harmed), "0"),
        Goal("actions in controls", acted == 0, str(acted), "0"),
        Goal("controls that ended well", clean == len(idle), f"{clean} of {len(idle)}", "all"),
    ]


def table(found: Sequence[Row]) -> Table:
    shown = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title="Seconds since the fault was visible",
        title_justify="left",
    )
    shown.add_column("SCENARIO", no_wrap=True)
    shown.add_column("HEALED BY")
    for heading in ("APPLIED", "RECOVERED", "KUBERNETES ALONE", "HARM"):
        shown.add_column(heading, justify="right")
    for row in found:
        shown.add_row(
            row.name, row.actions, _seconds(row.applied, None), _seconds(row.recovered, row.watched),
            _seconds(row.alone, row.alone_watched) if row.alone_watched else "not run", str(row.harm),
        )  # fmt: skip
    return shown


def _seconds(value: float | None, limit: float | None) -> str:
    if value is not None:
        return f"{value:.1f}"
    return "-" if limit is None else f"> {limit:.0f}"


def controls(on: Sequence[Result]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold", title="Controls", title_justify="left")
    for heading in ("SCENARIO", "ACTIONS", "RESULT"):
        shown.add_column(heading)
    for result in on:
        if result.kind == "control":
            verdict = "[green]left alone[/]" if result.ok else "[bold red]failed[/]"
            shown.add_row(result.name, str(len(result.actions)), verdict)
    return shown


def body(on: Sequence[Result], off: Sequence[Result], found: Sequence[Goal]) -> dict[str, Any]:
    """Everything, with what it was measured on."""
    return {
        **origin("recovery"),
        "rows": [asdict(row) for row in rows(on, off)],
        "goals": [asdict(goal) for goal in found],
        "with_operator": [result.to_dict() for result in on],
        "kubernetes_alone": [result.to_dict() for result in off],
    }
