"""Kills and verdicts in, rows, goals and tables out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.table import Table

from bench.crash_judge import Verdict
from bench.crash_operator import Kill
from bench.goals import Goal
from bench.written import origin


@dataclass(frozen=True)
class Row:
    """One station: what was hit right after it."""

    station: str
    aimed: int
    """Kills at exactly this station."""
    incidents: int
    """How often an incident had passed it last when the operator was killed."""
    lost: int
    doubles: int
    calls: int
    """The most accepted calls on one object for one attempt."""


@dataclass(frozen=True)
class Measured:
    kills: Sequence[Kill]
    verdicts: Sequence[Verdict]
    """With kills."""
    undisturbed: Sequence[Verdict]
    """The same incidents before the first kill."""
    stations: Sequence[str]
    seed: int
    start_seconds: float
    """How long the operator took to start, in the middle of all its starts."""


def caught(kills: Iterable[Kill], namespace: str) -> list[str]:
    """The stations at which the incident of a namespace was hit."""
    return [kill.caught[namespace] for kill in kills if namespace in kill.caught]


def rows(measured: Measured) -> list[Row]:
    aimed = Counter(kill.aimed for kill in measured.kills)
    found = []
    for station in measured.stations:
        hit = [each for each in measured.verdicts if station in each.kills]
        found.append(
            Row(
                station,
                aimed[station],
                sum(each.kills.count(station) for each in hit),
                sum(bool(each.lost) for each in hit),
                sum(bool(each.doubles) for each in hit),
                max((each.calls for each in hit), default=0),
            )
        )
    return found


def cost(measured: Measured) -> float | None:
    """By how many starts of the operator one kill put off recovery: the median over the incidents that were hit."""
    before = _medians(measured.undisturbed)
    later = [
        (each.recovered_after - before[each.scenario]) / len(each.kills)
        for each in measured.verdicts
        if each.kills and each.recovered_after is not None and each.scenario in before
    ]
    return max(0.0, median(later)) / measured.start_seconds if later else None


def _medians(verdicts: Iterable[Verdict]) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    for each in verdicts:
        if each.recovered_after is not None:
            times.setdefault(each.scenario, []).append(each.recovered_after)
    return {name: median(found) for name, found in times.items()}


def goals(measured: Measured, wanted: int) -> list[Goal]:
    everything = [*measured.undisturbed, *measured.verdicts]
    lost = sum(bool(each.lost) for each in everything)
    doubles = sum(bool(each.doubles) for each in everything)
    harmed = sum(bool(each.harm) for each in everything)
    hit = sum(row.incidents > 0 for row in rows(measured))
    struck = sum(bool(kill.caught) for kill in measured.kills)
    total = len(measured.stations)
    return [
        Goal("kills", len(measured.kills) >= wanted, str(len(measured.kills)), str(wanted)),
        Goal("kills with an incident open", 2 * struck > len(measured.kills), str(struck), "more than half"),
        Goal("stations at which it died", hit == total, f"{hit} of {total}", "all"),
        Goal("lost incidents", lost == 0, f"{lost} of {len(everything)}", "0"),
        Goal("incidents with a double action", doubles == 0, f"{doubles} of {len(everything)}", "0"),
        Goal("incidents with other harm", harmed == 0, f"{harmed} of {len(everything)}", "0"),
    ]


def table(measured: Measured) -> Table:
    shown = Table(
        box=None, pad_edge=False, header_style="bold", title="SIGKILL right after", title_justify="left"
    )
    shown.add_column("STATION", no_wrap=True)
    for heading in ("AIMED AT IT", "INCIDENTS HIT", "LOST", "DOUBLE ACTIONS", "MOST CALLS FOR ONE ATTEMPT"):
        shown.add_column(heading, justify="right")
    for row in rows(measured):
        cells = (row.aimed, row.incidents, row.lost, row.doubles, row.calls)
        shown.add_row(row.station, *(str(cell) for cell in cells))
    return shown


def summary(measured: Measured) -> str:
    found = measured.verdicts
    several = sum(len(each.kills) > 1 for each in found)
    most = max((len(each.kills) for each in found), default=0)
    later = cost(measured)
    times = (
        f"{later:.1f} times as long as the operator takes to start" if later is not None else "not compared"
    )
    return (
        f"{len(measured.kills)} kills over {len(found)} incidents; {several} were hit more than once, one {most} times. "
        f"A kill put off recovery by {times}. {sum(each.refused for each in found)} calls on targets were turned down, "
        f"{sum(each.dry_runs for each in found)} were dry runs."
    )


def complaints(measured: Measured) -> list[str]:
    everything = [*measured.undisturbed, *measured.verdicts]
    return [
        f"{each.scenario} in {each.namespace}: {what}"
        for each in everything
        for what in (*([f"lost: {each.lost}"] if each.lost else []), *each.doubles, *each.harm)
    ]


def body(measured: Measured, found: Sequence[Goal]) -> dict[str, Any]:
    """Everything, with what it was measured on."""
    return {
        **origin("crash"),
        "seed": measured.seed,
        "rows": [asdict(row) for row in rows(measured)],
        "start_seconds": measured.start_seconds,
        "starts_lost_by_a_kill": cost(measured),
        "summary": summary(measured),
        "goals": [asdict(goal) for goal in found],
        "kills": [asdict(kill) for kill in measured.kills],
        "incidents": [asdict(each) for each in measured.verdicts],
        "undisturbed": [asdict(each) for each in measured.undisturbed],
    }
