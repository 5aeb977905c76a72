"""The report for a person, and for a program."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from planaria_policy.evaluation.evaluate import Report
from planaria_policy.evaluation.intervals import CONFIDENCE, RESAMPLES, SEED, Interval
from planaria_policy.evaluation.verdict import Judged


def show(report: Report, console: Console) -> None:
    table = Table("minutes of an incident", "estimate", f"{CONFIDENCE:.0%} from", "to")
    for name, interval in rows(report):
        table.add_row(name, *(f"{each:.2f}" for each in (interval.value, interval.low, interval.high)))
    console.print(table)
    for line in (*_sample(report), *(_support(one, report) for one in report.judged)):
        console.print(line, markup=False, highlight=False)
    console.print(
        f"{report.verdict.reason}: {report.verdict.text}", markup=False, highlight=False, style="bold"
    )


def rows(report: Report) -> Iterator[tuple[str, Interval]]:
    """Everything that has an interval, in the order in which a person reads it."""
    yield "recorded", report.returns
    for one in report.judged:
        yield f"{one.name}, importance sampling", one.wpdis
        yield f"{one.name}, doubly robust", one.wdr
    yield f"against {report.against}, importance sampling", report.gain.wpdis
    yield f"against {report.against}, doubly robust", report.gain.wdr


def _sample(report: Report) -> Iterator[str]:
    cut_off = f", {report.cut_off:.0%} of them cut off before their end" if report.cut_off else ""
    yield f"{report.incidents} incidents of the {report.source}, {report.decisions} decisions{cut_off}"
    if report.left_out:
        yield "left out: " + ", ".join(f"{count} ({why})" for why, count in report.left_out.items())


def _support(one: Judged, report: Report) -> str:
    return (
        f"{one.name}: counts as {one.effective:.0f} incidents; {one.missing:.0%} of what it would do was not seen;"
        f" weights are cut at {report.bound:.1f}, which {one.cut:.1%} met"
    )


def as_json(report: Report) -> dict[str, Any]:
    """Intervals as value, low and high; null where nothing can be said."""
    return {
        **{
            name: value for name, value in asdict(report).items() if name not in {"returns", "judged", "gain"}
        },
        "confidence": CONFIDENCE,
        "resamples": RESAMPLES,
        "seed": SEED,
        "returns": report.returns.as_json(),
        "judged": [_policy(one) for one in report.judged],
        "gain": {"wpdis": report.gain.wpdis.as_json(), "wdr": report.gain.wdr.as_json()},
    }


def _policy(one: Judged) -> dict[str, Any]:
    told = {name: getattr(one, name).as_json() for name in ("wpdis", "wdr", "weight")}
    return {**asdict(one), **told, "missing": one.missing}
