"""The kind provider: where a Docker engine answers."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from planaria_cluster import build, images
from planaria_cluster.bare.settings import check_name
from planaria_cluster.errors import ClusterError, NoClusterError, PrerequisiteError, UsageError
from planaria_cluster.kind.configuration import configuration
from planaria_cluster.paths import make_folder, state_root, write_if_changed
from planaria_cluster.progress import Progress
from planaria_cluster.provider import DEFAULT_NAME, DEFAULT_NODES, ClusterStatus, Finding, Row, State
from planaria_cluster.run import Runner, run


class KindProvider:
    """See `Provider` for what each method promises. `runner` calls programs; tests pass one that records."""

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        progress: Progress | None = None,
        runner: Runner = run,
        kind: str | None = None,
    ) -> None:
        check_name(name)
        self.name = name
        self.progress = progress or Progress()
        self.run = runner
        self._kind = kind

    def up(
        self,
        nodes: int | None = None,
        simulated: int | None = None,
        *,
        network_policies: bool = False,  # noqa: ARG002  kind's own pod networking enforces them since 0.24
    ) -> None:
        if simulated:
            raise UsageError("simulated nodes need --provider bare")
        self._require_engine()
        if self.name not in self._clusters():
            self._create(nodes or DEFAULT_NODES)
        elif nodes is not None and nodes != len(self.nodes()):
            raise UsageError(
                f"cluster {self.name} has {len(self.nodes())} nodes; to change that, run `down` first"
            )
        for container in self._containers():
            # After a reboot Docker leaves them stopped; a node that was stopped by `node stop` has a silent kubelet.
            self.run(["docker", "start", container])
            self.run(["docker", "exec", container, "systemctl", "start", "kubelet"])
        for archive in images.base_images(self.progress)[1:]:
            self.load(archive)
        self.progress.say(
            f"cluster {self.name} is up: {len(self.nodes())} nodes, kubeconfig {self.kubeconfig()}"
        )

    def down(self) -> None:
        with self.progress.step(f"taking down cluster {self.name}"):
            self.run([self.kind(), "delete", "cluster", "--name", self.name])
        shutil.rmtree(self._folder(), ignore_errors=True)

    def status(self) -> ClusterStatus:
        if self.name not in self._clusters():
            return ClusterStatus(self.name, "kind", "absent")
        rows = [Row(container, self._state(container)) for container in self._containers()]
        states = {row.state for row in rows}
        summary: State = "up" if states == {"running"} else "degraded" if "running" in states else "down"
        return ClusterStatus(self.name, "kind", summary, rows, str(self.kubeconfig()), str(self.kubectl()))

    def load(self, path: Path) -> None:
        if not path.is_file():
            raise UsageError(f"{path} does not exist")
        with self.progress.step(f"loading {path.name}"):
            self.run([self.kind(), "load", "image-archive", str(path), "--name", self.name])

    def kubeconfig(self) -> Path:
        self._require_cluster()
        target = self._folder() / "kubeconfig"
        write_if_changed(target, self.run([self.kind(), "get", "kubeconfig", "--name", self.name]))
        return target

    def kubectl(self) -> Path:
        found = shutil.which("kubectl")
        return Path(found) if found else build.built(build.kubernetes(), self.progress) / "kubectl"

    def nodes(self) -> list[str]:
        return [container for container in self._containers() if not container.endswith("-control-plane")]

    def stop_node(self, name: str) -> None:
        self.run(["docker", "exec", self._node(name), "systemctl", "stop", "kubelet"])
        self.progress.say(f"{name}: kubelet stopped; the node is NotReady in about 20 s")

    def lose_node(self, name: str) -> None:
        """The container stays in its network, which Docker could not give back with the same address."""
        raise UsageError(f"{name}: a node's network is cut only with --provider bare; `node stop` works here")

    def stop_part(self, part: str) -> None:
        raise UsageError(f"{part}: parts of the control plane are stopped only with --provider bare")

    def start_part(self, part: str) -> None:
        raise UsageError(f"{part}: parts of the control plane are started only with --provider bare")

    def start_node(self, name: str) -> None:
        node = self._node(name)
        self.run(["docker", "exec", node, "systemctl", "start", "kubelet"])
        wait = ["wait", "--for=condition=Ready", f"node/{node}", "--timeout=90s"]
        with self.progress.step(f"waiting for {node} to be Ready"):
            self.run([str(self.kubectl()), "--kubeconfig", str(self.kubeconfig()), *wait])

    def exec_node(self, name: str, argv: Sequence[str]) -> int:
        terminal = ["--tty"] if sys.stdin.isatty() else []
        command = ["docker", "exec", "--interactive", *terminal, self._node(name), *argv]
        return subprocess.run(command, check=False).returncode

    def audit_log(self) -> Path:
        raise UsageError("clusters of kind write no audit log; use --provider bare")

    def doctor(self) -> list[Finding]:
        engine = images.engine_answers()
        fix = "" if engine else "start Docker, or use --provider bare as root on Linux"
        client = shutil.which("docker") is not None
        detail = "answers" if engine else "only its client is here" if client else "not installed"
        return [Finding("Docker engine", engine, detail, fix)]

    def kind(self) -> str:
        """The path of kind; built on first use."""
        if self._kind is None:
            self._kind = str(build.built(build.kind(), self.progress) / "kind")
        return self._kind

    def _create(self, nodes: int) -> None:
        file = make_folder(self._folder()) / "kind.json"
        write_if_changed(file, configuration(nodes))
        command = [
            self.kind(),
            "create",
            "cluster",
            "--name",
            self.name,
            "--config",
            str(file),
            "--wait",
            "180s",
        ]
        with self.progress.step(f"creating kind cluster {self.name} with {nodes} nodes"):
            # kind would otherwise change the kubeconfig in the user's home.
            self.run([*command, "--kubeconfig", str(self._folder() / "kubeconfig")])

    def _clusters(self) -> list[str]:
        return self.run([self.kind(), "get", "clusters"]).split()

    def _containers(self) -> list[str]:
        label = f"label=io.x-k8s.kind.cluster={self.name}"
        return sorted(
            self.run(["docker", "ps", "--all", "--filter", label, "--format", "{{.Names}}"]).split()
        )

    def _state(self, container: str) -> str:
        try:
            self.run(["docker", "exec", container, "systemctl", "is-active", "kubelet"])
        except ClusterError:
            return "stopped"
        return "running"

    def _node(self, name: str) -> str:
        known = self._containers()
        if name not in known:
            raise NoClusterError(
                f"cluster {self.name} has no node {name}; it has {', '.join(known) or 'none'}"
            )
        return name

    def _require_cluster(self) -> None:
        if self.name not in self._clusters():
            raise NoClusterError(f"there is no cluster {self.name}; `python -m planaria_cluster up` makes it")

    def _require_engine(self) -> None:
        if not images.engine_answers():
            raise PrerequisiteError(
                "no Docker engine answers; start Docker, or use --provider bare as root on Linux"
            )

    def _folder(self) -> Path:
        return state_root() / f"kind-{self.name}"
