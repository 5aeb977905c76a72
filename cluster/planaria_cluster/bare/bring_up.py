"""The way up: every step looks first and does only what is missing, so that one path serves first start, repair and no-op."""

import math
import time
from pathlib import Path

from planaria_cluster import build, images, packages
from planaria_cluster.bare import (
    cleanup,
    containerd,
    control_plane,
    dns,
    kubelet,
    limits,
    network,
    node,
    policies,
    proxy,
    simulated,
)
from planaria_cluster.bare.api import Api, ApiError
from planaria_cluster.bare.launcher import Launcher
from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.bare.waiting import wait_until
from planaria_cluster.processes import Process
from planaria_cluster.progress import Progress

NODE_PROGRAMS = ("holder", "containerd", "kubelet", "kube-proxy")


def parts(settings: Settings) -> list[str]:
    """Names of all processes of a complete cluster."""
    programs = (*NODE_PROGRAMS, *([policies.PROGRAM] if settings.network_policies else []))
    of_nodes = [each.part(program) for each in settings.all_nodes for program in programs]
    return [*control_plane.PARTS, "coredns", *(["kwok"] if settings.simulated else []), *of_nodes]


def bring_up(settings: Settings, progress: Progress) -> None:
    """Bring every part of the cluster up and return when all real nodes are Ready."""
    packages.ensure(progress)
    limits.ensure(progress)
    kubernetes = build.built(build.kubernetes(), progress)
    coredns = build.built(build.coredns(), progress)
    base = images.base_images(progress)
    launcher = Launcher(settings)
    progress.quiet = whole(settings, launcher)
    api = _start_control_plane(settings, launcher, kubernetes, coredns, progress)
    holders = _start_nodes(settings, launcher, progress)
    for archive in base:
        containerd.load(holders, archive)
    with progress.step("waiting for the API server"):
        control_plane.wait_ready(settings, api, launcher)
    control_plane.ensure_controllers(settings, kubernetes, launcher)
    _apply(settings, api)
    woken = _start_agents(settings, launcher, kubernetes, holders, api.heartbeats())
    if settings.network_policies:
        guard = build.built(build.network_policies(), progress)
        for each, holder in holders:
            policies.ensure(settings, each, holder, launcher, guard)
    if settings.simulated:
        simulated.ensure(settings, launcher, build.built(build.kwok(), progress))
    with progress.step(f"waiting for {settings.nodes} nodes to be Ready"):
        wait_nodes_ready(settings, api, launcher, settings.all_nodes, woken)
        wait_until(api.accepts_pods, "the default service account was not made", 30)
    simulated.ensure_nodes(settings, api)


def whole(settings: Settings, launcher: Launcher) -> bool:
    """Whether all parts run, as far as their records tell."""
    alive = [launcher.ledger.alive(part) for part in parts(settings)]
    return all(process is not None and not process.stopped() for process in alive)


def wait_nodes_ready(
    settings: Settings, api: Api, launcher: Launcher, nodes: list[Node], woken: dict[str, float]
) -> None:
    """Wait until all of `nodes` are Ready, 90 s at most.

    `woken` says which known nodes' kubelets have just been started, and when: it must have renewed its lease since.
    And the Ready must come from the kubelet that runs now: the API server may still have that of an earlier one.
    """
    names = [each.name for each in nodes]

    def ready() -> bool:
        try:
            known, heartbeats = api.nodes(), api.heartbeats() if woken else {}
        except ApiError:
            return False  # the API server may be restarting itself
        alive = all(heartbeats.get(name, 0) >= moment for name, moment in woken.items())
        return alive and all((known.get(each.name) or 0) >= _speaks_since(launcher, each) for each in nodes)

    def died() -> str | None:
        dead = next(
            (part for part in parts(settings) if launcher.ledger.alive(part) is None and part != "kwok"), None
        )
        return f"{dead} ended: {with_remedy(launcher.tail(dead))}" if dead else None

    wait_until(ready, f"{', '.join(names)} not Ready", 90, died)


def with_remedy(said: str) -> str:
    """What a kubelet said last, and what to do about it where that is known."""
    if "inotify" not in said:
        return said
    remedy = f"sysctl {limits.SETTING}={limits.ENOUGH}, or take a cluster down"
    return f"{said}; the machine has no inotify instance left: {remedy}"


def _speaks_since(launcher: Launcher, node: Node) -> float:
    """When the node's kubelet started, in the whole seconds that a condition has; for ever in the future if it does not run."""
    kubelet = launcher.ledger.alive(node.part("kubelet"))
    return math.floor(kubelet.started_at()) if kubelet is not None else math.inf


def _start_control_plane(
    settings: Settings, launcher: Launcher, kubernetes: Path, coredns: Path, progress: Progress
) -> Api:
    cleanup.end_strays(settings, launcher)
    network.ensure_bridge(settings)
    _link_kubectl(settings, kubernetes)
    with progress.step("starting etcd, API server and DNS"):
        control_plane.ensure_server(settings, kubernetes, launcher)
        dns.ensure(settings, launcher, coredns)
    return Api(settings.server, settings.folder / "pki")


def _start_nodes(settings: Settings, launcher: Launcher, progress: Progress) -> list[tuple[Node, Process]]:
    """Namespaces, links and containerd of every node, while the API server is still starting."""
    holders = []
    with progress.step(f"starting {settings.nodes} nodes"):
        for each in settings.all_nodes:
            holder = node.ensure_holder(settings, each, launcher)
            network.ensure_link(settings, each, holder)
            containerd.ensure(settings, each, holder, launcher)
            holders.append((each, holder))
    network.ensure_host_routes(settings)
    return holders


def _start_agents(
    settings: Settings,
    launcher: Launcher,
    kubernetes: Path,
    holders: list[tuple[Node, Process]],
    known: dict[str, float],
) -> dict[str, float]:
    """The kubelet and kube-proxy of every node; which nodes of old had their kubelet started, and when."""
    woken = {}
    for each, holder in holders:
        now = time.time()
        if kubelet.ensure(settings, each, holder, launcher, kubernetes) and each.name in known:
            woken[each.name] = now
        proxy.ensure(settings, each, holder, launcher, kubernetes)
    return woken


def _apply(settings: Settings, api: Api) -> None:
    """kube-system is made by the API server itself a moment after it calls itself ready."""

    def applied() -> bool:
        try:
            dns.apply(settings, api)
        except ApiError as error:
            if error.status in (0, 403, 404, 429, 500, 503):
                return False
            raise
        return True

    wait_until(applied, "the API server did not accept the DNS Service", 30, interval=0.3)


def _link_kubectl(settings: Settings, kubernetes: Path) -> None:
    link = settings.folder / "bin" / "kubectl"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() or link.readlink() != kubernetes / "kubectl":
        link.unlink(missing_ok=True)
        link.symlink_to(kubernetes / "kubectl")
