"""Pictures of what a person sees in a terminal: a real release that is healed, and the next one that is held back."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planaria_cluster import Provider
from planaria_cluster.progress import Progress
from planaria_scenarios import show, terminal
from planaria_scenarios.api import Api, connect
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.catalogue import find
from planaria_scenarios.environment import new_namespace, prepare
from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.nodes import ClusterNodes
from planaria_scenarios.operator_process import running
from planaria_scenarios.records import Record, read
from planaria_scenarios.runner import Stage, run

NAMESPACE: Final = "shop"
SCENARIO: Final = "missing-image-rollout"
LOG: Final = Path("results") / "pictures-operator.log"
SECONDS: Final = 120


@dataclass(frozen=True)
class Picture:
    name: str
    title: str
    commands: tuple[str, ...]


HEALED: Final = (
    Picture(
        "kubectl-records",
        "a release whose image does not exist, healed",
        (
            "kubectl get hpol,rem -n shop",
            "kubectl events -n shop --for deployment/shop",
        ),
    ),
    Picture("kubectl-why", "why was that done?", ("kubectl planaria why deployment/shop -n shop",)),
)
HELD: Final = (
    Picture("kubectl-status", "the next bad release, held back", ("kubectl planaria status -n shop",)),
    Picture(
        "kubectl-simulate",
        "what would be done about another fault?",
        ("kubectl planaria simulate deployment/shop -n shop --fault memory_exhaustion",),
    ),
)
BREAK: Final = (
    "kubectl planaria pause store -n shop --requester anna --reason 'release freeze' --for 2h",
    "kubectl set image -n shop deployment/shop app=planaria.local/app:1.6.0-rc1",
)


def draw(cluster: Provider, folder: Path, progress: Progress) -> int:
    """Writes `folder`/kubectl-*.svg. Raises ScenarioError or ClusterError."""
    kubeconfig = prepare(cluster, progress)
    path = f"{Path(sys.executable).parent}:{cluster.kubectl().parent}:/usr/bin:/bin"
    screen = Screen({"KUBECONFIG": str(kubeconfig), "PATH": path}, folder, progress)
    run_cancellable(_play(cluster, kubeconfig, screen, progress))
    return 0


@dataclass(frozen=True)
class Screen:
    environment: dict[str, str]
    folder: Path
    progress: Progress

    async def type(self, command: str) -> str:
        return await asyncio.to_thread(terminal.typed, command, self.environment)

    async def draw(self, picture: Picture) -> None:
        played = [(command, await self.type(command)) for command in picture.commands]
        file = self.folder / f"{picture.name}.svg"
        terminal.draw(picture.title, played, file)
        self.progress.say(f"drawn: {file}")


async def _play(cluster: Provider, kubeconfig: Path, screen: Screen, progress: Progress) -> None:
    async with connect(kubeconfig) as api:
        await _fresh(api)
        async with running(api, kubeconfig, [NAMESPACE], LOG):
            try:
                await _healed(Stage(api, ClusterNodes(cluster), operator=True, keep=True), progress)
                for picture in HEALED:
                    await screen.draw(picture)
                for command in BREAK:
                    await screen.type(command)
                await _until(api, lambda record: record.stage == "Blocked")
                for picture in HELD:
                    await screen.draw(picture)
            finally:
                await api.delete("Namespace", "", NAMESPACE)


async def _fresh(api: Api) -> None:
    bodies, _ = await api.list("Namespace")
    if any(body["metadata"]["name"] == NAMESPACE for body in bodies):
        raise EnvironmentalError(f"the cluster has a namespace {NAMESPACE} already; delete it first")
    await new_namespace(api, NAMESPACE)


async def _healed(stage: Stage, progress: Progress) -> None:
    (entry,) = find([SCENARIO])
    result = await run(entry, NAMESPACE, stage, lambda event: progress.say(show.line(event)))
    if not result.ok:
        raise EnvironmentalError(f"{SCENARIO} was not healed: {'; '.join(result.complaints)}")


async def _until(api: Api, wanted: Callable[[Record], bool]) -> None:
    for _ in range(SECONDS):
        bodies, _version = await api.list("Remediation", NAMESPACE)
        if any(wanted(read(body)) for body in bodies):
            return
        await asyncio.sleep(1)
    raise EnvironmentalError(f"no Remediation in {NAMESPACE} got so far in {SECONDS} s")
