"""`planaria policy calibrate`: the simulator's seconds, fitted to what was measured on a real cluster and held to it."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import yaml
from rich.console import Console
from rich.table import Table

from planaria_contract import Action
from planaria_policy.errors import BadData, PolicyError
from planaria_policy.simulator.recovery import AGAIN, KEPT, Recovery, Row
from planaria_policy.simulator.rehearsal import CAUSES, INCIDENTS, Pair, compare
from planaria_policy.simulator.rehearsal_plot import draw
from planaria_policy.simulator.times import MEASURED, Times, read_times
from planaria_policy.spaces.choices import CATEGORIES

EXAMPLE: Final = """\
examples:
  planaria policy calibrate --check                       do the shipped times still say what was measured?
  planaria policy calibrate --recovery results/recovery.json --keep
  planaria policy calibrate --plot docs/images/calibration.png
"""
FACTOR: Final = 2.0
"""How far apart two times may be. Two runs on one cluster differ by that much: pods start at the pace of its disks."""
TIME_SECONDS: Final = 5.0
"""Or that far, where it is more: below it a median is made of the API server's and the kubelet's pauses."""
SCENARIO_SECONDS: Final = 10.0
"""The same for one scenario, which has only its action's time and everybody's notice to be told by: a third of the
shortest wait that the policy can choose, so that no decision would be another one."""


# --- fitting


@dataclass(frozen=True)
class Fit:
    works: dict[Action, float]
    """Median seconds from applied to recovered, of the actions that were measured."""
    counts: dict[Action, int]
    """Of how many scenarios."""
    notice: float
    """Median seconds from the fault being visible to the action being applied."""


def fit(rows: Sequence[Row], source: str = "rows") -> Fit:
    """Raises `BadData` naming `source` where no row went well."""
    seconds: dict[Action, list[float]] = {}
    for row in rows:
        if row.action:
            seconds.setdefault(row.action, []).append(row.works)
    if not seconds:
        raise BadData(f"{source}: no scenario was healed by one action, so there is nothing to fit; {AGAIN}")
    applied = [row.applied for row in rows if row.action and row.applied is not None]
    return Fit(
        works={action: round(median(seconds[action]), 1) for action in CATEGORIES if action in seconds},
        counts={action: len(found) for action, found in seconds.items()},
        notice=round(median(applied), 1),
    )


def rewrite(path: Path, found: Fit) -> None:
    """Only `works` and `notice` change; what was not measured this time keeps its seconds, and comments stay."""
    works = read_times(path).works | found.works
    lines = "".join(f"  {action}: {works[action]}\n" for action in CATEGORIES if action in works)
    text = path.read_text(encoding="utf-8")
    text = _put(path, text, r"works:[ ]*\n(?:[ ]+.*\n)+", f"works:\n{lines}")
    text = _put(path, text, r"notice:.*\n", f"notice: {found.notice}\n")
    Times.model_validate(yaml.safe_load(text))
    path.write_text(text, encoding="utf-8")


def _put(path: Path, text: str, pattern: str, by: str) -> str:
    text, count = re.subn(f"^{pattern}", by, text, flags=re.MULTILINE)
    if count != 1:
        raise BadData(f"{path}: {by.partition(':')[0]}: stands there {count} times as a block; write it once")
    return text


# --- holding the two together


def apart(one: float, other: float, seconds: float) -> bool:
    """By more than `FACTOR`, and by more than `seconds`."""
    return abs(one - other) > seconds and max(one, other) > FACTOR * min(one, other)


def drift(found: Fit, times: Times, pairs: Sequence[Pair]) -> list[str]:
    """What is too far apart, in words that name the action."""
    told = [
        f"{action}: measured {seconds:.1f} s from applied to recovered, the simulator's time is {times.of(action):.1f} s"
        for action, seconds in found.works.items()
        if apart(seconds, times.of(action), TIME_SECONDS)
    ]
    if apart(found.notice, times.notice, TIME_SECONDS):
        told.append(f"notice: measured {found.notice:.1f} s, the simulator's time is {times.notice:.1f} s")
    for pair in pairs:
        assert pair.row.recovered is not None
        if apart(pair.row.recovered, pair.middle, SCENARIO_SECONDS):
            told.append(
                f"{pair.row.action} in {pair.row.name}: recovered after {pair.row.recovered:.1f} s, "
                f"in the simulator after {pair.middle:.1f} s"
            )
    return told


# --- the command


def calibrate(arguments: Sequence[str]) -> int:
    """0: done, or nothing has drifted apart; 1: `--check` found drift; 2: a file or an option is not as it must be."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.keep and len(options.recovery) > 1:
        parser.error("--keep stores one run: name one file with --recovery")
    console = Console(stderr=True)
    try:
        return _calibrate(options, Console())
    except PolicyError as error:
        console.print(f"error: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
    except OSError as error:
        console.print(
            f"error: {error.filename}: cannot be written ({error.strerror})", style="red", markup=False
        )
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planaria policy calibrate",
        description="Fit the simulator's seconds to what was measured on a real cluster, and show how near they come.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--recovery", type=Path, nargs="+", default=[KEPT], metavar="FILE",
        help="results of `python -m bench recovery --json FILE`; default: the run that is kept with the simulator",
    )  # fmt: skip
    parser.add_argument(
        "--times", type=Path, default=MEASURED, metavar="FILE", help="YAML; default: the shipped times"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw measured and simulated seconds")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true",
        help=f"write no times; exit 1 where the two are apart by more than a factor of {FACTOR:g} and by more than "
        f"{TIME_SECONDS:g} s (an action's time) or {SCENARIO_SECONDS:g} s (a scenario)",
    )  # fmt: skip
    how.add_argument(
        "--keep", type=Path, nargs="?", const=KEPT, metavar="FILE",
        help="also store what is needed of the run; default: beside the shipped times",
    )  # fmt: skip
    return parser


def _calibrate(options: argparse.Namespace, console: Console) -> int:
    runs = [Recovery.read(path) for path in options.recovery]
    rows = [row for run in runs for row in run.rows]
    found, before = fit(rows, ", ".join(map(str, options.recovery))), read_times(options.times)
    if not options.check:
        rewrite(options.times, found)
        if options.keep:
            runs[0].keep(options.keep)
    times = read_times(options.times)
    pairs = compare(rows, times)
    _show(console, found, before, rows, pairs)
    if options.plot:
        draw(pairs, options.plot, _where(runs))
    told = drift(found, times, pairs)
    for line in told:
        console.print(f"drifted apart: {line}", style="red", highlight=False, markup=False, soft_wrap=True)
    return 1 if told and options.check else 0


def _where(runs: Sequence[Recovery]) -> str:
    machines = sorted({f"{run.cores} cores, {run.time[:10]}" for run in runs})
    return f"measured on {'; '.join(machines)}; simulated {INCIDENTS} times each"


def _show(console: Console, found: Fit, before: Times, rows: Sequence[Row], pairs: Sequence[Pair]) -> None:
    console.print(_times_table(found, before), "", _pairs_table(pairs))
    for row in rows:
        if not row.action:
            console.print(f"left out: {row.name}: one action did not heal it", highlight=False, markup=False)
        elif row.name not in CAUSES:
            console.print(f"not played: {row.name}: no cause is named for it", highlight=False, markup=False)


def _times_table(found: Fit, before: Times) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("ACTION")
    for heading in ("FITTED SECONDS", "BEFORE", "SCENARIOS"):
        table.add_column(heading, justify="right")
    for action, seconds in found.works.items():
        table.add_row(action, f"{seconds:.1f}", f"{before.of(action):.1f}", str(found.counts[action]))
    table.add_row("(notice)", f"{found.notice:.1f}", f"{before.notice:.1f}", str(sum(found.counts.values())))
    return table


def _pairs_table(pairs: Sequence[Pair]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("RECOVERED AFTER")
    for heading in ("MEASURED", "SIMULATED", "10-90 %", "CURED AT ONCE"):
        table.add_column(heading, justify="right")
    for pair in pairs:
        table.add_row(
            pair.row.name, f"{pair.row.recovered:.1f}", f"{pair.middle:.1f}",
            f"{pair.low:.1f}-{pair.high:.1f}", f"{pair.cured:.0%}",
        )  # fmt: skip
    return table
