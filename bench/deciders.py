"""The same faults on the real cluster, healed by the rules and by the learned policy."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from bench.command import add_usual, guarded
from bench.goals import Goal, shown, status
from bench.written import origin, write_json
from planaria_cluster import open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.catalogue import Entry, find
from planaria_scenarios.deciding import Mode, decided_by, operator_options, policy_service
from planaria_scenarios.environment import prepare
from planaria_scenarios.result import Result
from planaria_scenarios.session import Session, play

HELP = "seconds to recovery, decided by the rules and by the learned policy"
EXAMPLE = """\
examples:
  python -m bench deciders                                       a quarter of an hour
  python -m bench deciders --only hanging-replica --only slow-start
  python -m bench deciders --json docs/deciders.json --check

Times count from the first sign of the fault in the API. Recovered is judged from pods and workloads, not from what the operator says.
"""
MODES: Final[tuple[Mode, ...]] = ("rules", "policy")

Results = Mapping[Mode, Sequence[Result]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="only this scenario (repeatable); default: all"
    )
    parser.add_argument(
        "--at-once",
        type=int,
        default=4,
        metavar="N",
        help="scenarios that share the cluster (default: %(default)s)",
    )
    add_usual(parser, "the policy healed all, harmed nothing, left controls alone")


@guarded()
def run(options: argparse.Namespace) -> int:
    found = _measure(find(options.only or ["all"]), options)
    goals = _goals(found["policy"])
    console = show.console()
    shown(console, _table(found), goals=goals)
    if options.json:
        write_json(options.json, _body(found, goals))
    return status(options, goals)


def _measure(entries: list[Entry], options: argparse.Namespace) -> dict[Mode, list[Result]]:
    progress = Progress()
    cluster = open_cluster(options.cluster, progress=progress)
    kubeconfig = prepare(cluster, progress)
    found: dict[Mode, list[Result]] = {}
    with policy_service() as service:
        for mode in MODES:
            progress.say(f"{len(entries)} scenarios, decided by: {mode}")
            session = Session(
                kubeconfig=kubeconfig,
                cluster=cluster,
                options=operator_options(service),
                log=Path("results") / f"deciders-{mode}.log",
                at_once=options.at_once,
                listener=lambda event: progress.say(show.line(event)),
            )
            found[mode] = run_cancellable(play([decided_by(entry, mode) for entry in entries], session))
    return found


def _goals(found: Sequence[Result]) -> list[Goal]:
    """Which action heals is the policy's own to choose, so only recovery and harm count."""
    faults = [result for result in found if result.kind == "fault"]
    controls = [result for result in found if result.kind == "control"]
    healed, harmed = sum(each.recovered for each in faults), sum(bool(each.harm) for each in found)
    acted = sum(len(each.actions) for each in controls)
    return [
        Goal("faults that the policy healed", healed == len(faults), f"{healed} of {len(faults)}", "all"),
        Goal("scenarios with harm", harmed == 0, str(harmed), "0"),
        Goal("actions in controls", acted == 0, str(acted), "0"),
    ]


def _table(found: Results) -> Table:
    shown = Table(
        box=None, pad_edge=False, header_style="bold", title="Seconds to recovery", title_justify="left"
    )
    shown.add_column("SCENARIO", no_wrap=True)
    for mode in MODES:
        shown.add_column(mode.upper())
        shown.add_column("SECONDS", justify="right")
        shown.add_column("HARM", justify="right")
    for results in zip(*(found[mode] for mode in MODES), strict=True):
        shown.add_row(results[0].name, *(cell for result in results for cell in _cells(result)))
    return shown


def _cells(result: Result) -> tuple[str, str, str]:
    done = ", ".join(f"{each.action} {each.target}" for each in result.actions if each.applied is not None)
    if result.kind == "control":
        return done or "left alone", "", str(len(result.harm))
    limit = result.limit_seconds - (result.visible_after or 0)
    seconds = f"> {limit:.0f}" if result.recovered_after is None else f"{result.recovered_after:.1f}"
    return done or "none", seconds, str(len(result.harm))


def _body(found: Results, goals: Sequence[Goal]) -> dict[str, Any]:
    return {
        **origin("deciders"),
        "goals": [asdict(goal) for goal in goals],
        **{mode: [result.to_dict() for result in found[mode]] for mode in MODES},
    }
