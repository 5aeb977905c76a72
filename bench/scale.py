"""What the operator costs in a large cluster, and how soon it notices."""

import argparse
import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any, Final

from bench import scale_plot
from bench.command import add_usual, guarded
from bench.goals import shown, status
from bench.scale_report import Measured, body, costs, goals, latencies, latency, summary, trend
from bench.storm import add_size, policy, prepared
from bench.town import READY_SECONDS, Size, Town, town, until
from bench.town_watch import Watch, watching
from bench.written import write_json
from planaria_cluster import Provider
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.api import connect
from planaria_scenarios.audit import changes
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.operator_process import running

HELP = "processor time, memory and latency beside simulated nodes and pods"
EXAMPLE = """\
examples:
  python -m bench scale
  python -m bench scale --nodes 200 --pods 4000 --failing 400 --json results/scale-200.json
  python -m bench scale --nodes 500 --pods 5000 --failing 500 --trend results/scale-200.json --plot results/scale.png --check

First nothing happens for a while, then one pod in each of --failing workloads goes into CrashLoopBackOff at once. The policy observes,
so that what is measured is seeing, reading and deciding. Times are from the API server's audit log: from the change of the pod to the
record, and to the decision in it.
"""
QUIET_SECONDS: Final = 60.0
REPLICAS: Final = 8
"""So that as many workloads as there are nodes can fall ill."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add_size(parser)
    add(
        "--failing",
        type=int,
        default=100,
        metavar="N",
        help="workloads that fall ill at once; default: %(default)s",
    )
    add(
        "--trend",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="what --json wrote for another size (repeatable)",
    )
    add("--plot", type=Path, metavar="FILE", help="draw how soon they are noticed, and memory by size")
    add_usual(parser)


@guarded()
def run(options: argparse.Namespace) -> int:
    progress, size = Progress(), Size(options.nodes, options.pods, REPLICAS)
    earlier = [row for file in options.trend for row in json.loads(file.read_text(encoding="utf-8"))["trend"]]
    cluster = prepared(options.cluster, size, progress)
    measured = run_cancellable(measure(cluster, size, min(options.failing, size.plain), progress))
    found = goals(measured)
    console = show.console()
    rows = [*earlier, summary(measured)]
    shown(console, costs(measured), latencies(measured), trend(rows), goals=found)
    if options.json:
        write_json(options.json, body(measured, found, earlier), indent=1)
    if options.plot:
        scale_plot.draw(measured, rows, options.plot)
    return status(options, found)


async def measure(cluster: Provider, size: Size, failing: int, progress: Progress) -> Measured:
    """Raises ScenarioError."""
    async with connect(cluster.kubeconfig()) as api:
        progress.say(f"building a town of {size.pods} pods on {size.nodes} nodes")
        async with town(api, cluster, size) as place:
            await api.apply(policy("Observe", waiting=0), place.namespace)
            log = Path("results") / "scale" / "operator.log"
            async with (
                running(api, cluster.kubeconfig(), [place.namespace], log) as address,
                watching(place, address) as watch,
            ):
                progress.say("quiet")
                began = time.time()
                await asyncio.sleep(QUIET_SECONDS)
                chosen = await _chosen(place, failing)
                middle = time.time()
                progress.say(f"{failing} workloads fall ill at once")
                changed = await _fail(place, watch, chosen)
                ended = time.time()
                found = changes(cluster.audit_log(), since=middle)
                mine = [each for each in found if each.namespace == place.namespace]
                return Measured(
                    size,
                    failing,
                    watch.cost(began, middle),
                    watch.cost(middle, ended),
                    latency(changed, mine),
                    max(changed.values()) - middle,
                    os.getloadavg()[0],
                )


async def _chosen(place: Town, failing: int) -> dict[str, Any]:
    """A pod of each workload that is to fall ill, by the workload's name."""
    chosen: dict[str, Any] = {}
    for pod in await place.pods():
        name = pod["metadata"]["labels"]["app"]
        if name.startswith("plain-") and len(chosen) < failing:
            chosen.setdefault(name, pod)
    return chosen


async def _fail(place: Town, watch: Watch, chosen: dict[str, Any]) -> dict[str, float]:
    """When each workload's pod was changed, by the workload's name; returns when every one is decided."""
    changed: dict[str, float] = {}

    async def one(name: str, pod: Any) -> None:
        await place.mark([pod], healthy=False, waiting="CrashLoopBackOff")
        changed[name] = time.time()

    await asyncio.gather(*(one(name, pod) for name, pod in chosen.items()))

    async def decided() -> bool:
        found = {each.target for each in watch.records.values() if each.decided}
        return {f"Deployment/{name}" for name in chosen} <= found

    await until(decided, READY_SECONDS, "not every workload that fell ill was decided on")
    return changed
