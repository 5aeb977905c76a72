"""What it costs to read evidence: time, memory, and questions to the model in a storm."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import semantics_cost, semantics_storm
from bench.goals import Goal, status
from bench.goals import table as goals_table
from bench.written import origin, write_json

HELP = "latency, memory and size of the encoder; a storm of 500 pods"
EXAMPLE = """\
examples:
  python -m bench semantics
  python -m bench semantics --json results/semantics.json --check

Latency and memory are measured in a fresh process bound to one core. Latency is time of that core, so that it does not depend
on who else uses it; the clock's is in the JSON. The storm runs against a server that speaks the API of
vLLM and answers after half a second; it counts what it is asked.
"""
LATENCY_MS, MEMORY_MIB, FILE_MIB, CALLS, STORM_SECONDS = 150, 350, 25, 8, 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured there")
    parser.add_argument("--check", action="store_true", help="exit 1 unless every goal is met")


def run(options: argparse.Namespace) -> int:
    console = Console()
    with console.status("one window on one core"):
        cost = semantics_cost.measure()
    with console.status("a storm of 500 pods"):
        storm = asyncio.run(semantics_storm.measure())
    goals = _goals(cost, storm)
    console.print(goals_table(goals))
    console.print(
        f"the encoder is loaded after {cost['load_seconds']:.2f} s; half of the windows take {cost['p50_ms']:.0f} ms of a core or less, {cost['wall_p50_ms']:.0f} on the clock"
    )
    if options.json:
        _write(options.json, cost, storm, goals)
    return status(options, goals)


def _goals(cost: dict[str, float], storm: dict[str, float]) -> list[Goal]:
    def at_most(name: str, value: float, most: float, unit: str, digits: int = 0) -> Goal:
        return Goal(name, value <= most, f"{value:.{digits}f}{unit}", f"<= {most:g}{unit}")

    return [
        at_most("p95 of a 40-line window, one core", cost["p95_ms"], LATENCY_MS, " ms"),
        at_most("peak memory of a process that reads 100", cost["peak_mib"], MEMORY_MIB, " MiB"),
        at_most("size of the model file", cost["file_mib"], FILE_MIB, " MiB", 1),
        at_most(f"calls in a storm of {storm['pods']:.0f} pods", storm["calls"], CALLS, ""),
        at_most("p95 from window to state, encoder, in the storm", storm["encoder_p95_s"], STORM_SECONDS, " s", 2),
        Goal("pods with the state of the cause", storm["agreed"] == storm["pods"], f"{storm['agreed']:.0f}", "all"),
    ]  # fmt: skip


def _write(file: Path, cost: dict[str, float], storm: dict[str, float], goals: list[Goal]) -> None:
    body: dict[str, Any] = {
        **origin("semantics"),
        "cost": cost,
        "storm": storm,
        "goals": [
            {"name": goal.name, "met": goal.met, "measured": goal.measured, "wanted": goal.wanted}
            for goal in goals
        ],
    }
    write_json(file, body)
