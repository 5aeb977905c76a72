"""How good the learned policy is, and what each of its parts is worth. Needs .venv-train: `make bench-policy`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from bench.goals import Goal, status
from bench.goals import table as goals_table
from bench.written import origin, write_json

if TYPE_CHECKING:
    from bench.policy_compare import Compared
    from bench.policy_forgetting import Kept

HELP = "return against rules and an oracle, unseen faults and sizes, ablations, speed"
EXAMPLE = """\
examples:
  python -m bench policy                                  everything; two hours on two cores
  python -m bench policy --part families --seeds 2 --steps 2000000
  python -m bench policy --part families --network runs/policy/network.safetensors   the shipped policy
  python -m bench policy --part speed --check

A return is minus the minutes of full outage that an incident cost, with the prices of actions, of harm and of a person's time
(simulator/reward.py). The score is the share of what the oracle gains over doing nothing: 0 is doing nothing, 1 is
the oracle, which knows the hidden cause. Intervals are two standard errors over the seeds. Each seed trains a
network and plays incidents that no other seed plays. MaskablePPO learns from as many decisions, with one flat space of actions.
"""
SEEN, UNSEEN, HARM, ENV_STEPS, TRAIN_STEPS = 0.97, 0.90, 0.001, 1e6, 1e5
LOST = 0.02

Measured = tuple[Any, list[Goal]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all", help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--steps", type=int, default=6_000_000, metavar="N", help="decisions that each network learns from"
    )
    parser.add_argument(
        "--network",
        type=Path,
        metavar="FILE",
        help="families: play the network of a training run, runs/policy/network.safetensors, say; default: train one a seed",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write everything that was measured there; parts not measured now stay as they are",
    )
    parser.add_argument("--check", action="store_true", help="exit 1 unless every goal is met")


def run(options: argparse.Namespace) -> int:
    console = Console()
    goals: list[Goal] = []
    for part in PARTS if options.part == "all" else (options.part,):
        measured, met = PARTS[part](options, console)
        goals += met
        if options.json:  # after each: the whole takes hours
            _write(options.json, {part: measured}, met)
    if goals:
        console.print(goals_table(goals))
    return status(options, goals)


# --- what is measured: what goes into the file, and the goals it has to meet; torch, which each needs, is not in every environment


def _measure_families(options: argparse.Namespace, console: Console) -> Measured:
    from bench import policy_compare  # noqa: PLC0415  torch
    from planaria_policy.training.run import load_network  # noqa: PLC0415  torch

    given = load_network(options.network) if options.network else None
    found = policy_compare.families(options.seeds, options.steps, given)
    console.print(_players(found), _families(found))
    harm = found.harm("policy")
    return found.as_json(), [
        _goal("score on faults seen in training", found.score("policy"), SEEN),
        Goal("harmed incidents", harm <= HARM, f"{harm:.3%}", f"<= {HARM:.1%}"),
        Goal(
            "families where the rules are better", not found.worse, ", ".join(found.worse) or "none", "none"
        ),
    ]


def _measure_unseen(options: argparse.Namespace, console: Console) -> Measured:
    from bench import policy_compare  # noqa: PLC0415  torch

    found = policy_compare.unseen(options.seeds, options.steps)
    for name, each in found.items():
        console.print(_players(each, name))
    return (
        {name: each.as_json() for name, each in found.items()},
        [_goal(f"score on {name}", each.score("policy"), UNSEEN) for name, each in found.items()],
    )


def _measure_ablations(options: argparse.Namespace, console: Console) -> Measured:
    from bench import policy_compare  # noqa: PLC0415  torch

    found = policy_compare.ablations(options.seeds, options.steps)
    console.print(_players(found, "what is taken away"))
    return found.as_json(), []


def _measure_forgetting(options: argparse.Namespace, console: Console) -> Measured:
    from bench import policy_forgetting  # noqa: PLC0415  torch

    kept = policy_forgetting.measure(options.seeds, options.steps // 2)
    console.print(_forgetting(kept))
    lost = sum(each.lost for each in kept["with memory"]) / options.seeds
    goal = Goal("lost of what was learned first", lost <= LOST, f"{lost:.1%}", f"<= {LOST:.0%}")
    return policy_forgetting.as_json(kept), [goal]


def _measure_speed(_: argparse.Namespace, console: Console) -> Measured:
    from bench import policy_speed  # noqa: PLC0415  torch

    speed = policy_speed.measure()
    console.print(_speed(speed))
    return speed, [
        _at_least("simulator, decisions a second", speed["simulator"], ENV_STEPS),
        _at_least("training, decisions a second", speed["training"], TRAIN_STEPS),
    ]


def _measure_ray(_: argparse.Namespace, console: Console) -> Measured:
    from bench import policy_speed  # noqa: PLC0415  torch

    rates = policy_speed.on_ray()
    console.print(_ray(rates))
    return rates, []


PARTS: Final[dict[str, Callable[[argparse.Namespace, Console], Measured]]] = {
    "families": _measure_families,
    "unseen": _measure_unseen,
    "ablations": _measure_ablations,
    "forgetting": _measure_forgetting,
    "speed": _measure_speed,
    "ray": _measure_ray,
}


# --- goals, tables and the file


def _goal(name: str, score: float, least: float) -> Goal:
    return Goal(name, score >= least, f"{score:.3f}", f">= {least:g}")


def _at_least(name: str, value: float, least: float) -> Goal:
    return Goal(name, value >= least, f"{value:,.0f}", f">= {least:,.0f}")


def _players(found: "Compared", title: str = "all faults") -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    for heading in ("PLAYER", "SCORE", "RETURN", "RECOVERED", "HARMED", "SECONDS"):
        table.add_column(heading, justify="left" if heading == "PLAYER" else "right")
    for name in found.names:
        score, wide = found.interval(name)
        row = found.means(name)
        table.add_row(
            name,
            f"{score:.3f} ± {wide:.3f}",
            f"{row['return']:.2f}",
            f"{row['recovered']:.1%}",
            f"{row['harmed']:.3%}",
            f"{row['seconds']:.0f}",
        )
    return table


def _families(found: "Compared") -> Table:
    table = Table(
        box=None, pad_edge=False, header_style="bold", title="return by fault", title_justify="left"
    )
    table.add_column("FAULT")
    for name in found.names:
        table.add_column(name.upper(), justify="right")
    for fault, row in found.by_fault.items():
        table.add_row(fault, *(f"{row[name]:.2f}" for name in found.names))
    return table


def _forgetting(kept: "dict[str, list[Kept]]") -> Table:
    table = Table(
        box=None, pad_edge=False, header_style="bold", title="one half after the other", title_justify="left"
    )
    for heading in ("", "FIRST, JUST LEARNED", "FIRST, AT THE END", "LOST", "SECOND"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, seeds in kept.items():
        mean = [
            sum(values) / len(seeds)
            for values in zip(*((s.before, s.after, s.lost, s.second) for s in seeds), strict=True)
        ]
        table.add_row(name, f"{mean[0]:.3f}", f"{mean[1]:.3f}", f"{mean[2]:.1%}", f"{mean[3]:.3f}")
    return table


def _speed(speed: dict[str, float]) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        show_header=False,
        min_width=24,
        title="speed on these cores",
        title_justify="left",
    )
    for name, value in speed.items():
        table.add_row(name, f"{value:,.2f}" if value < 100 else f"{value:,.0f}")
    return table


def _ray(rates: dict[str, dict[str, float]]) -> Table:
    """A round waits for the slowest worker, then learning has the machine to itself: two cores are not shared, but taken in turn."""
    table = Table(
        box=None, pad_edge=False, header_style="bold", title="decisions a second", title_justify="left"
    )
    for heading in ("WHO PLAYS", "PLAYED", "LEARNED FROM", "AGAINST NO RAY"):
        table.add_column(heading, justify="right" if heading != "WHO PLAYS" else "left")
    alone = rates["no Ray"]["training"]
    for name, rate in rates.items():
        table.add_row(
            name, f"{rate['playing']:,.0f}", f"{rate['training']:,.0f}", f"{rate['training'] / alone:.2f}"
        )
    return table


def _kept(file: Path, goals: list[Goal]) -> dict[str, Any]:
    """What an earlier run measured and this one did not."""
    if not file.exists():
        return {}
    before: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    again = {goal.name for goal in goals}
    kept = {name: before[name] for name in PARTS if name in before}
    return {**kept, "goals": [goal for goal in before["goals"] if goal["name"] not in again]}


def _write(file: Path, measured: dict[str, Any], goals: list[Goal]) -> None:
    body = {
        **origin("policy"),
        **_kept(file, goals),
        **measured,
    }
    body["goals"] = [*body.get("goals", []), *(vars(goal) for goal in goals)]
    write_json(file, body)
