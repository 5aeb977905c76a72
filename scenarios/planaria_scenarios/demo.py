"""Four faults, one after another, on a real cluster, each told as it happens."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

from planaria_cluster import Provider
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.api import Api, connect, until_gone
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.catalogue import Entry, find
from planaria_scenarios.environment import new_namespace, prepare
from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.narrator import Narrator
from planaria_scenarios.nodes import ClusterNodes
from planaria_scenarios.operator_process import running
from planaria_scenarios.result import Result
from planaria_scenarios.runner import Stage, run

CHOSEN = ["memory-limit-too-low", "bad-configuration-rollout", "hanging-replica", "dependency-scaled-to-zero"]
PREFIX = "demo-"
LOG = Path("results") / "demo-operator.log"


def demo(cluster: Provider, progress: Progress) -> int:
    """0 only if all four recovered as they should. Raises ScenarioError or ClusterError for what is around them."""
    console = show.console()
    console.print(Rule("Planaria: four real faults, healed on a real cluster", characters="="))
    console.print(
        "Each line has the seconds since the fault was made. Recovery counts from `visible`, the first sign in the API,"
        " and is judged from pods and workloads, not from what the operator says of itself.\n"
    )
    progress.say("the first run builds Kubernetes from source, which takes minutes; the next ones reuse it")
    kubeconfig = prepare(cluster, progress)
    results = run_cancellable(_play(find(CHOSEN), cluster, kubeconfig, console, progress))
    _show_records(cluster, kubeconfig, console)
    console.print(show.results(results))
    _show_ways_on(cluster, kubeconfig, console)
    recovered = sum(result.ok for result in results)
    style = "bold green" if recovered == len(results) else "bold red"
    console.print(f"\n{recovered} of {len(results)} faults recovered", style=style)
    return 0 if recovered == len(results) else 1


async def _play(
    entries: Sequence[Entry], cluster: Provider, kubeconfig: Path, console: Console, progress: Progress
) -> list[Result]:
    async with connect(kubeconfig) as api:
        with progress.step("making namespaces, without those of the last demo"):
            await _fresh_namespaces(api, entries)
        LOG.unlink(missing_ok=True)
        progress.say(f"starting the operator with its own least-privilege role, log in {LOG}")
        stage = Stage(api, ClusterNodes(cluster), operator=True, keep=True)
        async with running(api, kubeconfig, [f"{PREFIX}{entry.name}" for entry in entries], LOG):
            progress.say("the operator watches")
            return [
                await _one(number, len(entries), entry, stage, console)
                for number, entry in enumerate(entries, start=1)
            ]


async def _one(number: int, total: int, entry: Entry, stage: Stage, console: Console) -> Result:
    console.print()
    console.print(Rule(f"[bold]{number} of {total}  {escape(entry.scenario.title)}[/]", align="left"))
    console.print(entry.scenario.story.strip(), style="italic")
    console.print(f"namespace {PREFIX}{entry.name}; making the workload, then the fault", style="dim")
    return await run(entry, f"{PREFIX}{entry.name}", stage, Narrator(console))


async def _fresh_namespaces(api: Api, entries: Sequence[Entry]) -> None:
    bodies, _ = await api.list("Namespace")
    old = [name for body in bodies if (name := body["metadata"]["name"]).startswith(PREFIX)]
    for name in old:
        await api.delete("Namespace", "", name)
    for name in old:
        if not await until_gone(api, "Namespace", "", name, seconds=120):
            raise EnvironmentalError(f"namespace {name} of the last demo does not go away")
    for entry in entries:
        await new_namespace(api, f"{PREFIX}{entry.name}")


def _show_records(cluster: Provider, kubeconfig: Path, console: Console) -> None:
    console.print()
    console.print(Rule("[bold]What is left to review[/]", align="left"))
    console.print("$ kubectl get hpol,rem -A", style="bold")
    done = subprocess.run(
        [str(cluster.kubectl()), "get", "hpol,rem", "-A"],
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    console.out((done.stdout + done.stderr).rstrip(), highlight=False)
    console.print()


def _show_ways_on(cluster: Provider, kubeconfig: Path, console: Console) -> None:
    namespace = f"{PREFIX}{CHOSEN[0]}"
    console.print("\nLook further:", style="bold")
    ways = {
        f"export KUBECONFIG={kubeconfig} PATH={cluster.kubectl().parent}:$PATH": "",
        f"kubectl -n {namespace} describe rem": "the whole story of one incident",
        f"kubectl -n {namespace} events": "the same as Events, among Kubernetes' own",
        "kubectl explain hpol.spec.guardrails": "every field explains itself",
        "python -m planaria_scenarios list": "all scenarios; `run NAME` plays any of them",
    }
    for command, meaning in ways.items():
        console.out(f"  {command:<52}{'  # ' + meaning if meaning else ''}", highlight=False)
    console.print("Clean up:", style="bold")
    console.out("  make cluster-down", highlight=False)
