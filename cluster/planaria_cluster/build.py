"""Building the programs of the cluster from source, once per set of pins, into the cache."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from planaria_cluster import pins
from planaria_cluster.locks import locked
from planaria_cluster.paths import KUBERNETES_SOURCE, NETWORK_POLICIES_SOURCE, cache, make_folder
from planaria_cluster.progress import Progress
from planaria_cluster.run import run
from planaria_cluster.toolchain import go, go_environment

PARTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)

STAGES = "stages.yaml"
_STAGE_FILES = (
    "node/fast/node-initialize.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)


@dataclass(frozen=True)
class Recipe:
    """How one folder of programs comes to be. `key` changes whenever the result would."""

    name: str
    key: str
    announcement: str
    build: Callable[[Path, Path], None]

    @property
    def folder(self) -> Path:
        return cache() / "bin" / f"{self.name}-{self.key}"


def kubernetes() -> Recipe:
    """One program that is etcd, kubectl and every Kubernetes part, with a link per part."""
    sources = [(KUBERNETES_SOURCE / name).read_bytes() for name in ("go.mod", "go.sum", "main.go")]
    label = f"building Kubernetes {pins.KUBERNETES} (one program, about 6 minutes the first time)"
    return Recipe("kubernetes", _key(pins.KUBERNETES.encode(), *sources), label, _build_kubernetes)


def coredns() -> Recipe:
    label = f"building CoreDNS {pins.COREDNS} (about 3 minutes the first time)"
    return Recipe("coredns", _key(pins.COREDNS_PACKAGE.encode()), label, _installs(pins.COREDNS_PACKAGE))


def kwok() -> Recipe:
    label = f"building kwok {pins.KWOK} (about 2 minutes the first time)"
    return Recipe("kwok", _key(pins.KWOK_PACKAGE.encode(), STAGES.encode()), label, _build_kwok)


def kind() -> Recipe:
    label = f"building kind {pins.KIND} (about 1 minute the first time)"
    return Recipe("kind", _key(pins.KIND_PACKAGE.encode()), label, _installs(pins.KIND_PACKAGE))


def helm() -> Recipe:
    label = f"building Helm {pins.HELM} (about 3 minutes the first time)"
    flags = f"-X helm.sh/helm/v4/internal/version.version={pins.HELM}"  # what charts ask for
    key = _key(pins.HELM_PACKAGE.encode(), flags.encode())
    return Recipe("helm", key, label, _installs(pins.HELM_PACKAGE, flags=flags))


def network_policies() -> Recipe:
    """What enforces NetworkPolicies in a node."""
    names = ("go.mod", "go.sum", "main.go", "queue.go")
    sources = [(NETWORK_POLICIES_SOURCE / name).read_bytes() for name in names]
    label = "building the enforcement of NetworkPolicies (about 3 minutes the first time)"
    return Recipe("network-policies", _key(*sources), label, _build_network_policies)


def prometheus() -> Recipe:
    """Prometheus and promtool, without the pages of its web interface."""
    label = f"building Prometheus {pins.PROMETHEUS} (about 3 minutes the first time)"
    flags = f"-X github.com/prometheus/common/version.Version={pins.PROMETHEUS}"
    words = (*pins.PROMETHEUS_PACKAGES, pins.PROMETHEUS_TAGS, flags)
    install = _installs(*pins.PROMETHEUS_PACKAGES, tags=pins.PROMETHEUS_TAGS, flags=flags)
    return Recipe("prometheus", _key(*(word.encode() for word in words)), label, install)


def built(recipe: Recipe, progress: Progress) -> Path:
    """The folder that holds the recipe's programs; builds them where the cache has none.

    A build lands under another name and is renamed when complete, so a killed one is never taken for a good one.
    """
    if recipe.folder.is_dir():
        return recipe.folder
    with locked(recipe.folder.with_name(f"{recipe.name}.lock"), progress):
        if not recipe.folder.is_dir():
            toolchain = go(progress)
            fresh = recipe.folder.with_name(f"{recipe.folder.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            make_folder(fresh)
            with progress.step(recipe.announcement):
                recipe.build(toolchain, fresh)
            fresh.rename(recipe.folder)
    return recipe.folder


def _build_kwok(toolchain: Path, folder: Path) -> None:
    """The program, and beside it how its nodes and pods come to life, out of the same pinned module."""
    _installs(pins.KWOK_PACKAGE)(toolchain, folder)
    listed = run(
        [toolchain, "mod", "download", "-json", f"sigs.k8s.io/kwok@{pins.KWOK}"],
        cwd=folder,
        env=go_environment(),
    )
    source = Path(json.loads(listed)["Dir"]) / "kustomize" / "stage"
    (folder / STAGES).write_text("---\n".join((source / name).read_text() for name in _STAGE_FILES))


def version_flags() -> str:
    """Linker flags; without them the server calls itself v0.0.0-master and charts refuse it."""
    major, minor, _ = pins.KUBERNETES.removeprefix("v").split(".")
    package = "k8s.io/component-base/version"
    named = {"gitVersion": pins.KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s -w", *(f"-X {package}.{name}={value}" for name, value in named.items())])


def _build_kubernetes(toolchain: Path, folder: Path) -> None:
    program = folder / "kubernetes"
    _build_module(toolchain, KUBERNETES_SOURCE, version_flags(), program)
    for part in PARTS:
        (folder / part).symlink_to(program.name)


def _build_network_policies(toolchain: Path, folder: Path) -> None:
    _build_module(toolchain, NETWORK_POLICIES_SOURCE, "-s -w", folder / "network-policies")


def _build_module(toolchain: Path, source: Path, flags: str, program: Path) -> None:
    """A program of a module of ours, of exactly what its go.sum says."""
    argv: list[str | Path] = [toolchain, "build", "-trimpath", "-ldflags", flags, "-o", program, "."]
    run(argv, cwd=source, env={**go_environment(), "GOFLAGS": "-mod=readonly -buildvcs=false"})


def _installs(*packages: str, tags: str = "", flags: str = "") -> Callable[[Path, Path], None]:
    options = ["-trimpath", "-tags", tags, "-ldflags", f"-s -w {flags}"]

    def install(toolchain: Path, folder: Path) -> None:
        environment = {**go_environment(), "GOBIN": str(folder)}
        run([toolchain, "install", *options, *packages], cwd=folder, env=environment)

    return install


def _key(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]
