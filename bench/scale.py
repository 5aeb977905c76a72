"""What the operator costs in a large cluster, and how soon it notices."""

import argparse
import asyncio
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from rich.table import Table

from bench.command import guarded, write_json
from bench.goals import Goal
from bench.goals import table as goals_table
from bench.storm import add_size, policy, prepared
from bench.town import READY_SECONDS, Size, Town, town, until
from bench.town_watch import Cost, Watch, watching
from planaria_cluster import Provider
from planaria_cluster.progress import Progress
from planaria_cluster.provider import DEFAULT_NAME
from planaria_scenarios import show
from planaria_scenarios.api import connect
from planaria_scenarios.audit import Change, changes
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.operator_process import running

HELP = "processor time, memory and latency beside simulated nodes and pods"
EXAMPLE = """\
examples:
  python -m bench scale
  python -m bench scale --nodes 200 --pods 4000 --failing 100 --json results/scale.json --check

First nothing happens for a while, then one pod in each of --failing workloads goes into CrashLoopBackOff at once. The policy observes,
so that what is measured is seeing, reading and deciding. Times are from the API server's audit log: from the change of the pod to the
record, and to the decision in it.
"""
QUIET_SECONDS: Final = 60.0
MOST_MIB: Final = 256
STATUS: Final = "remediations/status"


@dataclass(frozen=True)
class Latency:
    """Seconds since the pod changed."""

    noticed: list[float]
    """Until the record was made."""
    decided: list[float]
    """Until the decision stood in it."""
    writes: float
    """Accepted calls of the operator that write, for each incident."""


@dataclass(frozen=True)
class Measured:
    size: Size
    failing: int
    quiet: Cost
    busy: Cost
    latency: Latency


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
    add("--json", type=Path, metavar="FILE", help="write everything that was measured there")
    add("--check", action="store_true", help="exit 1 unless every goal was met")
    add("--cluster", default=DEFAULT_NAME, metavar="NAME", help="default: %(default)s")


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    progress, size = Progress(), Size(options.nodes, options.pods)
    cluster = prepared(options.cluster, size, progress)
    measured = run_cancellable(measure(cluster, size, min(options.failing, size.plain), progress))
    found = goals(measured)
    console = show.console()
    for shown in (costs(measured), latencies(measured.latency), goals_table(found)):
        console.print()
        console.print(shown)
    if options.json:
        write_json(options.json, body(measured, found), indent=1)
    return 1 if options.check and not all(goal.met for goal in found) else 0


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
                middle = time.time()
                progress.say(f"{failing} workloads fall ill at once")
                changed = await _fail(place, watch, failing)
                ended = time.time()
                found = changes(cluster.audit_log(), since=middle)
                mine = [each for each in found if each.namespace == place.namespace]
                return Measured(
                    size,
                    failing,
                    watch.cost(began, middle),
                    watch.cost(middle, ended),
                    latency(changed, mine),
                )


async def _fail(place: Town, watch: Watch, failing: int) -> dict[str, float]:
    """When each workload's pod was changed, by the workload's name; returns when every one is decided."""
    chosen: dict[str, Any] = {}
    for pod in await place.pods():
        name = pod["metadata"]["labels"]["app"]
        if name.startswith("plain-") and len(chosen) < failing:
            chosen.setdefault(name, pod)
    changed: dict[str, float] = {}

    async def one(name: str, pod: Any) -> None:
        await place.mark([pod], healthy=False, waiting="CrashLoopBackOff")
        changed[name] = time.time()

    await asyncio.gather(*(one(name, pod) for name, pod in chosen.items()))

    async def decided() -> bool:
        held = {
            each.target
            for each in watch.records.values()
            if each.stage in ("Blocked", "Waiting", "Escalated")
        }
        return {f"Deployment/{name}" for name in chosen} <= held

    await until(decided, READY_SECONDS, "not every workload that fell ill was decided on")
    return changed


def latency(changed: dict[str, float], found: Sequence[Change]) -> Latency:
    """From when each pod was changed, and what the operator wrote since. A record's name begins with its target's."""
    noticed, decided = [], []
    for name, at in changed.items():
        mine = [each for each in found if each.accepted and each.name.startswith(f"{name}-")]
        made = [each.time for each in mine if each.resource == "remediations" and each.verb == "create"]
        written = [each.time for each in mine if each.resource == STATUS]
        noticed += [max(0.0, made[0] - at)] if made else []
        # The first says what was understood, the second what was decided.
        decided += [max(0.0, written[1] - at)] if len(written) > 1 else []
    writes = sum(each.accepted for each in found)
    return Latency(noticed, decided, writes / max(1, len(changed)))


def share(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    if len(values) < 2:
        return max(values, default=0.0)
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def goals(measured: Measured) -> list[Goal]:
    most = max(measured.quiet.mib, measured.busy.mib)
    noticed, decided = len(measured.latency.noticed), len(measured.latency.decided)
    wanted = measured.failing
    return [
        Goal("operator's memory", 0 < most <= MOST_MIB, f"{most:.0f} MiB", f"{MOST_MIB} MiB at most"),
        Goal("faults noticed", noticed == wanted, f"{noticed} of {wanted}", "all"),
        Goal("faults decided on", decided == wanted, f"{decided} of {wanted}", "all"),
    ]


def costs(measured: Measured) -> Table:
    title = f"{measured.size.pods} pods on {measured.size.nodes} simulated nodes"
    shown = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    shown.add_column("WHILE")
    for heading in ("SECONDS", "CPU SECONDS A MINUTE", "MIB", "LONGEST LAG OF ITS LOOP"):
        shown.add_column(heading, justify="right")
    for name, cost in (("nothing happens", measured.quiet), (f"{measured.failing} fall ill", measured.busy)):
        shown.add_row(
            name,
            f"{cost.seconds:.0f}",
            f"{cost.cpu_seconds_a_minute:.1f}",
            f"{cost.mib:.0f}",
            f"{cost.lag_seconds:.2f} s",
        )
    return shown


def latencies(found: Latency) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("FROM THE CHANGE OF A POD TO")
    for heading in ("P50", "P99", "MOST"):
        shown.add_column(heading, justify="right")
    for name, values in (("its record", found.noticed), ("the decision", found.decided)):
        cells = (share(values, 50), share(values, 99), max(values, default=0.0))
        shown.add_row(name, *(f"{cell:.2f} s" for cell in cells))
    return shown


def body(measured: Measured, found: Sequence[Goal]) -> dict[str, Any]:
    """Everything, with what it was measured on."""
    times = measured.latency
    return {
        "table": "scale",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "load": os.getloadavg()},
        **asdict(measured),
        "noticed_p50_p99": [share(times.noticed, 50), share(times.noticed, 99)],
        "decided_p50_p99": [share(times.decided, 50), share(times.decided, 99)],
        "goals": [asdict(goal) for goal in found],
    }
