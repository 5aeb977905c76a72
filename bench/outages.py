"""What is done, and what is lost, when something goes away in the midst of a remediation."""

import argparse
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from bench.command import add_usual, guarded
from bench.goals import Goal, shown, status
from bench.outage_cases import CASES
from bench.outage_play import Outcome, play
from bench.written import origin, write_json
from planaria_cluster import Provider, open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.environment import ensure_crds

HELP = "what is lost or done twice when the API server, etcd, a network or a service goes away"
CLUSTER: Final = os.environ.get("PLANARIA_CLUSTER") or "outage"
"""A cluster of its own: what is taken away is taken from everything else that runs there."""
LOGS: Final = Path("results") / "outages"
EXAMPLE = f"""\
examples:
  python -m bench outages
  python -m bench outages --only etcd --only leader-cut
  python -m bench outages --json results/outages.json --check

Two operators with --leader-elect, incidents before, in the moment of, during (where anything can be changed then) and after
each outage. Counted is what the API server counted. It runs on the cluster {CLUSTER!r}, which is made where it is not there.
What the operators wrote is in {LOGS}.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--only", action="append", choices=[case.name for case in CASES], help="repeatable; default: all")
    add_usual(parser, cluster=CLUSTER)


@guarded(FileNotFoundError)  # without PostgreSQL
def run(options: argparse.Namespace) -> int:
    found = _measured(options.only, options.cluster)
    aims = goals(found)
    console = show.console()
    shown(console, table(found), goals=aims)
    if options.json:
        write_json(options.json, _report(found, aims))
    return status(options, aims)


def cluster(name: str = CLUSTER) -> tuple[Provider, Path]:
    """The cluster, up, with the custom resources; and its kubeconfig."""
    made = open_cluster(name)
    made.up(nodes=2)
    ensure_crds(made.kubeconfig())
    return made, made.kubeconfig()


def goals(found: Sequence[Outcome]) -> list[Goal]:
    incidents = sum(len(each.endings) for each in found)
    once = sum(each.once for each in found)
    told = sum(bool(each.told) for each in found)
    well = sum(each.well_after is not None for each in found)
    crashes = sum(each.tracebacks for each in found)
    everything = str(len(found))
    return [
        Goal("incidents that ended in exactly one action", once == incidents, str(once), str(incidents)),
        Goal("outages that somebody told of", told == len(found), str(told), everything),
        Goal("recovered without a person", well == len(found), str(well), everything),
        Goal("stack traces in the operators' logs", crashes == 0, str(crashes), "0"),
    ]


def table(found: Sequence[Outcome]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("AWAY", "SECONDS", "ONCE", "TOLD AFTER", "SLOWEST", "WELL AFTER", "WHAT WAS SAID"):
        shown.add_column(heading, justify="left" if heading in {"AWAY", "WHAT WAS SAID"} else "right")
    for each in found:
        shown.add_row(
            each.name,
            f"{each.away_seconds:.0f}",
            f"{each.once} of {len(each.endings)}",
            _seconds(each.told_after),
            _seconds(each.slowest),
            _seconds(each.well_after),
            each.told or "nothing",
        )
    return shown


def _measured(only: Sequence[str] | None, name: str) -> list[Outcome]:
    progress = Progress()
    made, kubeconfig = cluster(name)
    found = []
    for case in CASES:
        if not only or case.name in only:
            progress.say(case.title)
            logs = LOGS / case.name
            shutil.rmtree(logs, ignore_errors=True)
            found.append(run_cancellable(play(case, made, kubeconfig, logs)))
    return found


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _report(found: Sequence[Outcome], aims: Sequence[Goal]) -> dict[str, Any]:
    return {
        **origin("outages"),
        "outages": [_body(each) for each in found],
        "goals": [asdict(goal) for goal in aims],
    }


def _body(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "endings": [ending._asdict() for ending in outcome.endings]}
