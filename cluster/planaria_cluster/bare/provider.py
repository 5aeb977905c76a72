"""The bare provider: root on Linux, no container engine needed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from planaria_cluster import build
from planaria_cluster.bare import (
    audit,
    bring_up,
    cleanup,
    containerd,
    control_plane,
    doctor,
    network,
    node,
    settings,
)
from planaria_cluster.bare.api import Api
from planaria_cluster.bare.launcher import Launcher
from planaria_cluster.bare.settings import MAX_NODES, Node, Settings
from planaria_cluster.bare.status import cluster_status
from planaria_cluster.errors import ClusterError, NoClusterError, PrerequisiteError, UsageError
from planaria_cluster.locks import locked
from planaria_cluster.paths import state_root
from planaria_cluster.processes import Process
from planaria_cluster.progress import Progress
from planaria_cluster.provider import DEFAULT_NAME, DEFAULT_NODES, ClusterStatus, Finding


class BareProvider:
    """See `Provider` for what each method promises."""

    def __init__(self, name: str = DEFAULT_NAME, progress: Progress | None = None) -> None:
        settings.check_name(name)
        self.name = name
        self.progress = progress or Progress()

    def up(
        self,
        nodes: int | None = None,
        simulated: int | None = None,
        *,
        network_policies: bool = False,
    ) -> None:
        _require_root()
        with locked(state_root() / f".{self.name}.lock", self.progress):
            wanted = self._wanted(nodes, simulated, network_policies=network_policies)
            bring_up.bring_up(wanted, self.progress)
        extra = f" and {wanted.simulated} simulated" if wanted.simulated else ""
        self.progress.say(
            f"cluster {self.name} is up: {wanted.nodes} nodes{extra}, kubeconfig {self.kubeconfig()}"
        )

    def down(self) -> None:
        _require_root()
        with locked(state_root() / f".{self.name}.lock", self.progress, remove=True):
            present = settings.load(self.name)
            if present is None:
                self.progress.say(f"cluster {self.name}: nothing to take down")
                return
            with self.progress.step(f"taking down cluster {self.name}"):
                cleanup.remove(present, Launcher(present))
        self.progress.say(f"cluster {self.name} is gone")

    def status(self) -> ClusterStatus:
        present = settings.load(self.name)
        if present is None:
            return ClusterStatus(self.name, "bare", "absent")
        return cluster_status(present, Launcher(present))

    def load(self, path: Path) -> None:
        _require_root()
        if not path.is_file():
            raise UsageError(f"{path} does not exist")
        present = self._present()
        holders = [(each, self._holder(present, each)) for each in present.all_nodes]
        with self.progress.step(f"loading {path.name} into {len(holders)} nodes"):
            loaded = containerd.load(holders, path)
        self.progress.say(f"{path.name} is on {len(holders)} nodes" + ("" if loaded else " already"))

    def kubeconfig(self) -> Path:
        return self._present().folder / "kubeconfig"

    def kubectl(self) -> Path:
        return self._present().folder / "bin" / "kubectl"

    def nodes(self) -> list[str]:
        return [each.name for each in self._present().all_nodes]

    def stop_node(self, name: str) -> None:
        _require_root()
        present, each = self._node(name)
        kubelet = Launcher(present).ledger.alive(each.part("kubelet"))
        if kubelet is None:
            raise ClusterError(f"the kubelet of {each.name} does not run; `up` repairs that")
        # Stopped and not ended: its connections stay open and dumb, as those of a machine that lost its power.
        kubelet.signal(signal.SIGSTOP)
        self.progress.say(f"{each.name}: kubelet stopped; the node is NotReady in about 20 s")

    def lose_node(self, name: str) -> None:
        self.stop_node(name)
        network.cut(*self._node(name))

    def start_node(self, name: str) -> None:
        _require_root()
        present, each = self._node(name)
        network.join(present, each)
        launcher = Launcher(present)
        kubelet = launcher.ledger.alive(each.part("kubelet"))
        if kubelet is None:
            self.up()
            return
        now = time.time()
        kubelet.signal(signal.SIGCONT)
        api = Api(present.server, present.folder / "pki")
        with self.progress.step(f"waiting for {each.name} to be Ready"):
            bring_up.wait_nodes_ready(present, api, launcher, [each], {each.name: now})

    def stop_part(self, part: str) -> None:
        launcher = Launcher(self._with_part(part))
        if launcher.ledger.alive(part) is None:
            raise ClusterError(f"{part} does not run; `start` or `up` brings it back")
        launcher.end(part)
        self.progress.say(f"{part} is stopped")

    def start_part(self, part: str) -> None:
        present = self._with_part(part)
        binaries = build.built(build.kubernetes(), self.progress)
        with self.progress.step(f"starting {part}"):
            control_plane.start(present, binaries, Launcher(present), part)

    def exec_node(self, name: str, argv: Sequence[str]) -> int:
        _require_root()
        present, each = self._node(name)
        holder = self._holder(present, each)
        enter = ["nsenter", f"--target={holder.pid}", "--mount", "--net", "--pid", "--", *argv]
        sys.stdout.flush()
        return subprocess.run(enter, check=False).returncode

    def audit_log(self) -> Path:
        return audit.log_file(self._present())

    def doctor(self) -> list[Finding]:
        return doctor.findings()

    def _wanted(
        self, nodes: int | None, simulated: int | None, *, network_policies: bool = False
    ) -> Settings:
        """What the cluster shall be, written down before anything of it exists."""
        present = settings.load(self.name)
        real = nodes if nodes is not None else present.nodes if present else DEFAULT_NODES
        fake = simulated if simulated is not None else (present.simulated if present else 0)
        if not 1 <= real <= MAX_NODES or fake < 0:
            raise UsageError(f"nodes: 1 to {MAX_NODES}; simulated nodes: 0 or more")
        if present and real < present.nodes:
            raise UsageError(f"cluster {self.name} has {present.nodes} nodes; to get fewer, run `down` first")
        index = present.index if present else network.free_index()
        guarded = network_policies or (present is not None and present.network_policies)
        wanted = Settings(self.name, index, real, fake, guarded)
        if wanted != present:
            wanted.save()
        return wanted

    def _present(self) -> Settings:
        present = settings.load(self.name)
        if present is None:
            raise NoClusterError(f"there is no cluster {self.name}; `python -m planaria_cluster up` makes it")
        return present

    def _with_part(self, part: str) -> Settings:
        _require_root()
        if part not in control_plane.PARTS:
            raise UsageError(f"there is no part {part!r}: use one of {', '.join(control_plane.PARTS)}")
        return self._present()

    def _node(self, name: str) -> tuple[Settings, Node]:
        """A node by its name or its number."""
        present = self._present()
        for each in present.all_nodes:
            if name in (each.name, str(each.number)):
                return present, each
        known = ", ".join(each.name for each in present.all_nodes)
        raise NoClusterError(f"cluster {self.name} has no node {name}; it has {known}")

    def _holder(self, present: Settings, each: Node) -> Process:
        holder = node.holder(Launcher(present), each)
        if holder is None:
            raise ClusterError(f"{each.name} does not run; `python -m planaria_cluster up` repairs that")
        return holder


def _require_root() -> None:
    if sys.platform != "linux":
        raise PrerequisiteError("the bare provider needs Linux; use --provider kind with a Docker engine")
    if os.geteuid() != 0:
        raise PrerequisiteError("the bare provider needs root; run it with sudo -E, or use --provider kind")
