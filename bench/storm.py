"""Three storms over a town of simulated pods: lost nodes, a lost dependency, a bad release."""

import argparse
import asyncio
import math
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from bench import storm_report
from bench.bad_rollout import BROKEN
from bench.command import add_usual, guarded
from bench.goals import shown, status
from bench.storm_report import Cause, Row
from bench.town import BAD, DEPENDENTS, READY_SECONDS, Size, Town, beside, dependency, some, town, until
from bench.town_watch import Watch, watching
from bench.written import write_json
from planaria_cluster import Provider, open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.api import connect
from planaria_scenarios.audit import changes, on_targets
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.environment import prepare
from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.operator_process import running

HELP = "what is done when very much breaks at once, by the audit log"
EXAMPLE = """\
examples:
  python -m bench storm --check
  python -m bench storm --nodes 100 --pods 2000 --json results/storm.json

Beside the real nodes stand simulated ones, with simulated pods of some 190 workloads. 30 % of the nodes are lost at once; then a
real database gets a release whose image does not exist, and 40 workloads go with it; then one DaemonSet gets a bad release.
"""
SHARE: Final = 0.3
MIN_HEALTHY: Final = 70
HELD_SECONDS: Final = 20.0
"""How long it is watched that nothing is done after all."""
NODES: Final = Cause(
    "30 % of the nodes",
    "nobody renews the leases of 30 % of the nodes",
    frozenset(),
    ("nodes lost together",),
)
DEPENDENCY: Final = Cause(
    "a dependency of 40",
    "a database gets an image that does not exist, and 40 workloads that need it are not ready",
    frozenset({"deployments/db"}),
    ("Deployment db", "Deployment/db", "Service db"),
    least=DEPENDENTS // 2,
)
RELEASE: Final = Cause(
    "a bad release",
    "the pods of a DaemonSet's new release crash",
    frozenset({"daemonsets/agent"}),
    ("DaemonSet/agent",),
)


def policy(mode: str = "Enforce", waiting: int = 45) -> dict[str, Any]:
    """Triggers as short as is still realistic, and a storm that passes while one looks on. `waiting`: seconds that a container
    may wait; so long that what depends on it falls ill before it is healed.
    """
    return {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "town"},
        "spec": {
            "mode": mode,
            "triggers": {
                "notReadyForSeconds": 20,
                "waitingForSeconds": waiting,
                "nodeNotReadyForSeconds": 15,
            },
            "guardrails": {
                "minHealthy": f"{MIN_HEALTHY}%",
                "storm": {"incidents": 5, "windowSeconds": 60, "cooldownSeconds": 15},
            },
            "verification": {"timeoutSeconds": 180, "stableForSeconds": 5},
            "history": {"limit": 1000},  # what is deleted while nobody looks cannot be judged
        },
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add_size(parser)
    add("--seed", type=int, default=7, metavar="N", help="which nodes are lost; default: %(default)s")
    add_usual(parser)


def add_size(parser: argparse.ArgumentParser) -> None:
    size = Size()
    parser.add_argument(
        "--nodes", type=int, default=size.nodes, metavar="N", help="simulated; default: %(default)s"
    )
    parser.add_argument(
        "--pods", type=int, default=size.pods, metavar="N", help="simulated; default: %(default)s"
    )


@guarded()
def run(options: argparse.Namespace) -> int:
    progress, size = Progress(), Size(options.nodes, options.pods)
    cluster = prepared(options.cluster, size, progress)
    rows = run_cancellable(measure(cluster, size, options.seed, progress))
    found = storm_report.goals(rows)
    console = show.console()
    shown(console, storm_report.table(rows), goals=found)
    for complaint in storm_report.complaints(rows):
        console.print(complaint, markup=False, style="red")
    if options.json:
        setting = {"nodes": size.nodes, "pods": size.pods, "min_healthy_percent": MIN_HEALTHY}
        write_json(options.json, storm_report.body(rows, found, setting), indent=1)
    return status(options, found)


def prepared(name: str, size: Size, progress: Progress) -> Provider:
    """The cluster with its simulated nodes, the custom resources and the operator's role."""
    cluster = open_cluster(name, progress=progress)
    cluster.up(simulated=size.nodes)
    prepare(cluster, progress)
    return cluster


async def measure(cluster: Provider, size: Size, seed: int, progress: Progress) -> list[Row]:
    """The three storms, one after another. Raises ScenarioError."""
    async with connect(cluster.kubeconfig()) as api:
        progress.say(f"building a town of {size.pods} pods on {size.nodes} nodes")
        async with town(api, cluster, size) as place:
            await place.api.apply(policy(), place.namespace)
            log = Path("results") / "storm" / "operator.log"
            async with (
                running(api, cluster.kubeconfig(), [place.namespace], log) as address,
                watching(place, address) as watch,
            ):
                storms = Storms(place, watch, cluster.audit_log(), progress)
                return [
                    await storms.play(NODES, storms.lose_nodes(some(place.simulated, SHARE, seed))),
                    await storms.play(DEPENDENCY, storms.break_dependency()),
                    await storms.play(RELEASE, storms.release()),
                ]


class Storms:
    def __init__(self, place: Town, watch: Watch, audit: Path, progress: Progress) -> None:
        self.place, self.watch, self.audit, self.progress = place, watch, audit, progress
        self.began = 0.0
        self.mended = math.inf
        """When the cause was taken away by us. What opens after that has no cause any more that could be named."""

    async def play(self, cause: Cause, storm: Coroutine[Any, Any, None]) -> Row:
        """From a town that is whole to one that is whole again."""
        self.progress.say(cause.story)
        self.began = began = time.time()
        whole, self.mended = True, math.inf
        try:
            await storm
            await until(self._calm, READY_SECONDS, "the storm does not pass")
        except EnvironmentalError as error:
            self.progress.say(str(error))
            whole = False
        ended = time.time()
        made = on_targets(changes(self.audit, since=began), [self.place.namespace])
        made_row = storm_report.row(
            cause,
            self.watch.since(began),
            made,
            [each for each in self.watch.health if each.at >= began],
            self.watch.cost(began, ended),
            min_healthy=MIN_HEALTHY,
            whole=whole and await self.place.whole(),
            mended=self.mended,
        )
        self.progress.say(f"{made_row.records} incidents, {len(made_row.actions)} actions; calm again")
        return made_row

    async def lose_nodes(self, names: list[str]) -> None:
        await self.place.lose(names)
        await until(
            lambda: self._held(names),
            READY_SECONDS,
            "not every lost node has a record that says what holds it",
        )
        await asyncio.sleep(HELD_SECONDS)
        self.mended = time.time()
        await self.place.give_back(names)

    async def break_dependency(self) -> None:
        async with beside(self.place.follow_dependency):
            await self.place.api.apply(dependency(BROKEN)[0], self.place.namespace)
            await until(
                lambda: self._whole_again("Deployment/db"), READY_SECONDS, "the database is not healed"
            )

    async def release(self) -> None:
        async with beside(self.place.fail_agents):
            await self.place.api.apply(self.place.daemon_set(BAD), self.place.namespace)
            await until(
                lambda: self._whole_again("DaemonSet/agent"), READY_SECONDS, "the agents are not healed"
            )

    async def _held(self, names: list[str]) -> bool:
        held = {each.target for each in self.watch.records.values() if each.stage == "Blocked"}
        return {f"Node/{name}" for name in names} <= held

    async def _whole_again(self, ref: str) -> bool:
        """It has been acted on, and the whole town is well since."""
        mine = [each for each in self.watch.since(self.began) if each.target == ref]
        return any(each.closed for each in mine) and await self.place.whole()

    async def _calm(self) -> bool:
        closed = all(each.closed for each in self.watch.records.values())
        return closed and not self.watch.storm and await self.place.whole()
