"""`planaria policy calibrate`: the simulator's seconds, fitted to what was measured on a real cluster and held to it."""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import matplotlib as mpl
import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.table import Table

mpl.use("Agg")  # a server has no screen
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from planaria_contract import Action
from planaria_policy.errors import BadData, PolicyError
from planaria_policy.simulator import players
from planaria_policy.simulator.causes import shipped
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.masks import AT
from planaria_policy.simulator.times import MEASURED, Times, read_times
from planaria_policy.simulator.world import NO_CAUSE
from planaria_policy.spaces.choices import CATEGORIES

EXAMPLE: Final = """\
examples:
  planaria policy calibrate --check                       do the shipped times still say what was measured?
  planaria policy calibrate --recovery results/recovery.json --keep
  planaria policy calibrate --plot docs/images/calibration.png
"""
KEPT: Final = MEASURED.with_name("recovery.json")
"""The part of the last run of `python -m bench recovery` that the shipped times are fitted to."""
CAUSES: Final = {
    "bad-configuration-rollout": "bad-configuration-rollout",
    "dependency-scaled-to-zero": "dependency-scaled-to-zero",
    "hanging-replica": "hanging-replica",
    "load-tripled": "load-tripled",
    "lost-node": "lost-node",
    "memory-leak-one-replica": "leak-in-one-replica",
    "memory-limit-too-low": "memory-limit-too-low",
    "missing-image-rollout": "image-that-does-not-exist",
}
"""From a scenario of the real cluster to the cause that the simulator plays for it."""

FACTOR: Final = 2.0
"""How far apart two times may be. Two runs on one cluster differ by that much: pods start at the pace of its disks."""
TIME_SECONDS: Final = 5.0
"""Or that far, where it is more: below it a median is made of the API server's and the kubelet's pauses."""
SCENARIO_SECONDS: Final = 10.0
"""The same for one scenario, which has only its action's time and everybody's notice to be told by: a third of the
shortest wait that the policy can choose, so that no decision would be another one."""

INCIDENTS: Final = 500
SEED: Final = 1
AGAIN: Final = "write it anew with `python -m bench recovery --json FILE`"

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


class Row(BaseModel):
    """One fault on the real cluster. Seconds since it was visible; None where it did not come to that."""

    model_config = ConfigDict(frozen=True)

    name: str
    actions: str
    """Those that were taken, with their targets: `restart Deployment/shop`; or `none`."""
    applied: Seconds | None
    recovered: Seconds | None
    ok: bool
    """It went as the scenario says that it should."""

    @property
    def action(self) -> Action | None:
        """The one that healed it; None where its seconds tell nothing of one action's."""
        if not self.ok or self.applied is None or self.recovered is None or "," in self.actions:
            return None
        action = Action(self.actions.split()[0])
        return None if action is Action.NONE or self.recovered < self.applied else action

    @property
    def works(self) -> float:
        """Seconds from applied to recovered."""
        assert self.applied is not None
        assert self.recovered is not None
        return self.recovered - self.applied


class Recovery(BaseModel):
    """What is kept of a run of `python -m bench recovery`."""

    model_config = ConfigDict(frozen=True)

    time: str
    cores: int = Field(ge=1)
    rows: tuple[Row, ...] = Field(min_length=1)

    @classmethod
    def read(cls, path: Path) -> "Recovery":
        """A bench result or what was kept of one. Raises `BadData` naming the file, the field and the fix."""
        try:
            found = cls.model_validate(_slim(json.loads(path.read_text(encoding="utf-8"))))
        except OSError as error:
            raise BadData(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from error
        except ValidationError as error:
            raise BadData(f"{path}: {_first(error)}; {AGAIN}") from error
        except ValueError as error:  # neither JSON nor UTF-8
            raise BadData(f"{path}: is not JSON ({error}); {AGAIN}") from error
        except (KeyError, TypeError) as error:
            raise BadData(f"{path}: is not a result of the bench ({error!r}); {AGAIN}") from error
        for at, row in enumerate(found.rows):
            if row.actions.split(" ")[0] not in AT:
                known = ", ".join(CATEGORIES)
                raise BadData(
                    f"{path}: rows.{at}.actions: {row.actions!r} does not begin with one of {known}"
                )
        return found

    def keep(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _slim(body: Any) -> Any:
    """A whole bench result tells elsewhere whether a row went well, and on what machine."""
    if not isinstance(body, dict) or "with_operator" not in body:
        return body
    ok = {result["name"]: result["ok"] for result in body["with_operator"]}
    rows = [row | {"ok": ok.get(row["name"])} for row in body["rows"]]
    return {"time": body["time"], "cores": body["machine"]["cores"], "rows": rows}


def _first(error: ValidationError) -> str:
    told = error.errors()[0]
    field = ".".join(str(part) for part in told["loc"]) or "the file"
    return f"{field}: {told['msg']}"


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


# --- playing


@dataclass(frozen=True)
class Pair:
    """One measured scenario, and the same cause in the simulator. Seconds since the fault was visible."""

    row: Row
    low: float
    """A tenth of the simulated incidents recover sooner."""
    middle: float
    high: float
    """A tenth recover later."""
    cured: float
    """Share of the simulated incidents that one action cures, as it did the real one; the seconds are of those."""


def simulate(row: Row, times: Times, *, incidents: int = INCIDENTS) -> Pair:
    """The action that healed the real one, with the parameters that the oracle chooses, in many worlds."""
    action = row.action
    assert action
    environment = _worlds(CAUSES[row.name], times, incidents)
    sight = environment.observe()
    may = sight.legal["category"][:, AT[action]]
    if not bool(may.any()):
        raise BadData(
            f"{row.name}: {action} is never possible in the simulator; mend {CAUSES[row.name]} in causes.yaml"
        )
    alone = torch.zeros_like(sight.legal["category"])
    alone[:, AT[action]] = True
    category = torch.where(may[:, None], alone, sight.legal["category"])
    chosen = players.oracle(environment, replace(sight, legal={**sight.legal, "category": category}))
    cured = environment.step(chosen).recovered & may & (chosen[:, 0] == AT[action])
    return _pair(row, environment.world.clock[cured], float(cured.sum() / may.sum()))


def _worlds(cause: str, times: Times, incidents: int) -> Environment:
    """With this cause and no other; the policy object of every scenario allows every action."""
    environment = Environment(incidents, SEED, times=times, autoreset=False)
    causes = torch.full((incidents, 2), NO_CAUSE)
    causes[:, 0] = shipped().at(cause)
    world = environment.generator.draw(incidents, causes)
    world.allowed[:] = True
    environment.set(world)
    return environment


def _pair(row: Row, seconds: torch.Tensor, cured: float) -> Pair:
    if not seconds.numel():
        raise BadData(
            f"{row.name}: {row.action} never cures it in the simulator; mend {CAUSES[row.name]} in causes.yaml"
        )
    low, middle, high = seconds.quantile(torch.tensor([0.1, 0.5, 0.9])).tolist()
    return Pair(row, low, middle, high, cured)


def compare(rows: Sequence[Row], times: Times) -> list[Pair]:
    """Every scenario that one action healed and that the simulator has a cause for."""
    return [simulate(row, times) for row in rows if row.action and row.name in CAUSES]


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


# --- the picture

BLUE, ORANGE, GREY, INK = "#0b6e99", "#d9730d", "#b4b8be", "#2f3437"
ABOVE, BELOW = 0.17, -0.17


def draw(pairs: Sequence[Pair], out: Path, measured: str) -> None:
    """Two lines for each scenario: measured above, simulated below. `measured` says where and when."""
    ordered = sorted(pairs, key=lambda pair: pair.row.recovered or 0, reverse=True)
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(ordered) + 1.7), layout="constrained")
    for place, pair in enumerate(ordered):
        _measured(axes, place + ABOVE, pair.row)
        _simulated(axes, place + BELOW, pair)
    _dress(axes, ordered, measured)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    plt.close(figure)


def _measured(axes: Axes, place: float, row: Row) -> None:
    assert row.applied is not None
    assert row.recovered is not None
    axes.plot([row.applied, row.recovered], [place] * 2, color=BLUE, linewidth=2.4, zorder=2)
    axes.plot(row.applied, place, marker="D", markersize=5, color=ORANGE, zorder=3)
    axes.plot(row.recovered, place, marker="o", markersize=7.5, color=BLUE, zorder=4)
    _say(axes, row.recovered, place, f"{row.recovered:.0f} s", BLUE)


def _simulated(axes: Axes, place: float, pair: Pair) -> None:
    axes.plot([pair.low, pair.high], [place] * 2, color=GREY, linewidth=6, solid_capstyle="butt", zorder=1)
    axes.plot(pair.middle, place, marker="|", markersize=11, markeredgewidth=2.4, color=INK, zorder=3)
    _say(axes, pair.high, place, f"{pair.middle:.0f} s", INK)


def _say(axes: Axes, at: float, place: float, text: str, color: str) -> None:
    axes.annotate(
        text, (at, place), (8, 0), textcoords="offset points", va="center", fontsize=8.5, color=color
    )


def _dress(axes: Axes, pairs: Sequence[Pair], measured: str) -> None:
    names = [f"{pair.row.name}\n{pair.row.action}" for pair in pairs]
    axes.set_yticks(range(len(pairs)), names, fontsize=8.5, color=INK)
    axes.set_xlim(0, max((max(pair.row.recovered or 0, pair.high) for pair in pairs), default=30) * 1.1)
    axes.set_ylim(-0.6, len(pairs) - 0.4)
    axes.set_xlabel("seconds since the fault was visible", color=INK)
    axes.set_title(f"The simulator beside the real cluster\n{measured}", loc="left", color=INK, fontsize=10.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#eceef0", zorder=0)
    axes.set_axisbelow(True)
    bar = {"color": INK, "marker": "|", "markersize": 11, "markeredgewidth": 2.4}
    marks = [
        Line2D([], [], color=ORANGE, marker="D", markersize=5, linewidth=0, label="measured: applied"),
        Line2D([], [], color=BLUE, marker="o", markersize=7.5, linewidth=2.4, label="measured: recovered"),
        Line2D([], [], linewidth=0, label="simulated: median", **bar),  # type: ignore[arg-type]
        Line2D([], [], color=GREY, linewidth=6, label="simulated: 10-90 %"),
    ]
    axes.figure.legend(handles=marks, loc="outside lower center", ncols=4, frameon=False, fontsize=8.5)


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
