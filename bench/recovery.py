"""How fast faults are healed with the operator, beside what Kubernetes does alone."""

import argparse
from pathlib import Path

from bench import recovery_plot, recovery_report
from bench.command import add_usual, guarded
from bench.goals import shown, status
from bench.written import write_json
from planaria_cluster import open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.catalogue import Entry, find
from planaria_scenarios.environment import prepare
from planaria_scenarios.result import Result
from planaria_scenarios.session import Operator, Session, play

HELP = "seconds to recovery, with the operator and without"
EXAMPLE = """\
examples:
  python -m bench recovery
  python -m bench recovery --only hanging-replica --only slow-start
  python -m bench recovery --json results/recovery.json --plot results/recovery.png --check

Times count from the first sign of the fault in the API. "> N" is a scenario that had not recovered when its limit was reached.
Recovered means: judged from pods and workloads, not from what the operator says, and lasting for the settle time.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--only", action="append", metavar="NAME", help="only this scenario (repeatable); default: all")
    add("--plot", type=Path, metavar="FILE", help="draw the times there (PNG, SVG or PDF)")
    add(
        "--at-once",
        type=int,
        default=4,
        metavar="N",
        help="scenarios that share the cluster (default: %(default)s)",
    )
    add("--skip-off", action="store_true", help="leave out the runs without the operator")
    add_usual(parser, "all recovered, nothing was harmed, controls left alone")


@guarded()
def run(options: argparse.Namespace) -> int:
    entries = find(options.only or ["all"])
    on, off = _measure(entries, options)
    rows = recovery_report.rows(on, off)
    goals = recovery_report.goals(on)
    console = show.console()
    shown(console, recovery_report.table(rows), recovery_report.controls(on), goals=goals)
    for result in on:
        for complaint in result.complaints:
            console.print(f"{result.name}: {complaint}", markup=False, style="red")
    if options.json:
        write_json(options.json, recovery_report.body(on, off, goals))
    if options.plot:
        recovery_plot.draw(rows, options.plot)
    return status(options, goals)


def _measure(entries: list[Entry], options: argparse.Namespace) -> tuple[list[Result], list[Result]]:
    progress = Progress()
    cluster = open_cluster(options.cluster, progress=progress)
    kubeconfig = prepare(cluster, progress)

    def session(operator: Operator, at_once: int) -> Session:
        return Session(
            kubeconfig=kubeconfig,
            cluster=cluster,
            operator=operator,
            log=Path("results") / "bench-operator.log",
            at_once=at_once,
            listener=lambda event: progress.say(show.line(event)),
        )

    progress.say(f"{len(entries)} scenarios with the operator")
    on = run_cancellable(play(entries, session("on", options.at_once)))
    faults = [entry for entry in entries if not entry.scenario.is_control and not options.skip_off]
    progress.say(f"{len(faults)} scenarios without it")
    # All together: without the operator nearly all of it is waiting for a limit to pass.
    off = run_cancellable(play(faults, session("off", max(1, len(faults))))) if faults else []
    return on, off
