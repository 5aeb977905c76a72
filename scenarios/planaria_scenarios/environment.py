"""All that a scenario needs around it: a cluster, the image on its nodes, custom resources, the operator's role.

Every step looks first and does only what is missing, so a second run costs seconds.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from planaria_cluster import ClusterError, Provider, build_image
from planaria_cluster.paths import cache
from planaria_cluster.progress import Progress
from planaria_cluster.run import run
from planaria_cluster.toolchain import go, go_environment
from planaria_scenarios.api import Api, connect
from planaria_scenarios.catalogue import read_manifests
from planaria_scenarios.errors import ApiError, EnvironmentalError

ROOM = Path(__file__).resolve().parents[1]
ROOT = ROOM.parent
IMAGE = "planaria.local/app:1"
OPERATOR_NAMESPACE = "planaria-system"
OPERATOR_ACCOUNT = "planaria-operator"


def prepare(cluster: Provider, progress: Progress, *, operator: bool = True) -> Path:
    """Bring everything up and return the kubeconfig. Raises ScenarioError or ClusterError with one line."""
    cluster.up()
    ensure_image(cluster, progress)
    kubeconfig = cluster.kubeconfig()
    if operator:
        with progress.step("installing custom resources and the operator's role"):
            asyncio.run(_install(kubeconfig))
    return kubeconfig


def ensure_image(cluster: Provider, progress: Progress) -> None:
    """Build the application under test and put its image on every node."""
    folder = cache() / "images" / "app.context"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with progress.step("compiling the application under test"):
            _compile(folder / "app", progress)
        dockerfile = ROOM / "app" / "Dockerfile"
        archive = build_image(folder, dockerfile, IMAGE, folder.with_name("app.tar"), progress=progress)
        cluster.load(archive)
    except ClusterError as error:
        raise EnvironmentalError(f"the image {IMAGE} could not be made: {error}") from error


def _compile(out: Path, progress: Progress) -> None:
    command: list[str | Path] = [go(progress), "build", "-trimpath", "-ldflags", "-s -w", "-o", out, "."]
    # A runner that exports GOFLAGS or a proxy keeps them; the module has no dependencies to fetch.
    run(
        command,
        cwd=ROOM / "app",
        env={**go_environment()},
    )


def ensure_crds(kubeconfig: Path) -> None:
    """Install Planaria's custom resources and wait until the API server serves them."""
    asyncio.run(_ensure(kubeconfig, crd_files()))


def crd_files() -> list[Path]:
    return sorted((ROOT / "crds").glob("*.yaml"))


async def _install(kubeconfig: Path) -> None:
    role = ROOT / "operator" / "manifests" / "rbac.yaml"
    await _ensure(kubeconfig, [*crd_files(), role])


async def _ensure(kubeconfig: Path, files: Iterable[Path]) -> None:
    async with connect(kubeconfig) as api:
        await _ensure_namespace(api, OPERATOR_NAMESPACE)
        for file in files:
            for body in read_manifests(file):
                await api.apply(body, body["metadata"].get("namespace", ""))
                if body["kind"] == "CustomResourceDefinition":
                    await _until_served(api, body["metadata"]["name"])


async def _ensure_namespace(api: Api, name: str) -> None:
    await api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


async def _until_served(api: Api, name: str) -> None:
    for _ in range(60):
        body = await api.get("CustomResourceDefinition", "", name)
        conditions = {
            item["type"]: item["status"] for item in (body.get("status", {}).get("conditions") or [])
        }
        if conditions.get("Established") == "True":
            return
        await asyncio.sleep(0.5)
    raise EnvironmentalError(f"the API server does not serve {name} after 30 s")


async def new_namespace(api: Api, name: str) -> None:
    """Create `name` with its default service account, which pods need. Raises ApiError where it exists already."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    await api.create("Namespace", "", body)
    for _ in range(40):
        try:
            await api.get("ServiceAccount", name, "default")
        except ApiError as error:
            if error.status != 404:
                raise
            await asyncio.sleep(0.25)
        else:
            return
    raise EnvironmentalError(f"namespace {name} has no default service account after 10 s")
