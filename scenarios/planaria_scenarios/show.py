"""Tables and lines for a person, on any terminal."""

from rich.console import Console
from rich.table import Table

from planaria_scenarios.catalogue import Entry
from planaria_scenarios.progress import Deployed, Ended, Event, Injecting, RecordChanged, Visible, Whole
from planaria_scenarios.result import Result

WIDTH = 100


def console() -> Console:
    """At least 100 columns where the output is no terminal, so that logs read like the screen."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=WIDTH, highlight=False)


def catalogue(entries: list[Entry]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("SCENARIO", "TITLE", "HEALED BY", "LIMIT"):
        table.add_column(heading, no_wrap=heading != "TITLE")
    for entry in entries:
        scenario = entry.scenario
        healed = (
            "nothing"
            if not scenario.expected
            else ", ".join(action.value for action in scenario.expected.actions)
        )
        table.add_row(entry.name, scenario.title, healed, f"{scenario.limit_seconds} s")
    return table


def results(found: list[Result]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("SCENARIO", "RESULT", "ACTIONS", "APPLIED", "RECOVERED", "HARM"):
        table.add_column(heading, no_wrap=heading == "SCENARIO")
    for result in found:
        table.add_row(*_cells(result))
    return table


def _cells(result: Result) -> tuple[str, ...]:
    actions = "; ".join(f"{item.action} {item.target}" for item in result.actions if item.applied)
    return (
        result.name,
        "[green]ok[/]" if result.ok else "[red]FAILED[/]",
        actions or "none",
        seconds(result.applied_after),
        seconds(None if result.kind == "control" else result.recovered_after),
        str(len(result.harm)),
    )


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def line(event: Event) -> str:
    """One line for whoever watches several scenarios at once."""
    match event:
        case Deployed(namespace=namespace):
            text = f"ready in namespace {namespace}"
        case Injecting(what=what):
            text = f"inject: {what}"
        case Visible(sign=sign):
            text = f"visible: {sign}"
        case RecordChanged(record=record):
            done = ", ".join(f"{item.action} {item.target} ({item.outcome})" for item in record.attempts)
            text = f"record {record.target}: {record.stage or 'new'} {record.fault} {done}".rstrip()
        case Whole():
            text = "whole again"
        case Ended(result=result):
            text = _outcome(result)
        case _:
            text = type(event).__name__
    return f"{event.entry.name}: {text}"


def _outcome(result: Result) -> str:
    if not result.operator and not result.error:
        return "recovered without the operator" if result.recovered else "not recovered without the operator"
    return "ok" if result.ok else f"FAILED: {'; '.join(result.complaints)}"
