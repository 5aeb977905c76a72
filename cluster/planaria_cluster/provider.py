"""What every kind of local cluster can do."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

DEFAULT_NAME = os.environ.get("PLANARIA_CLUSTER") or "planaria"
"""`PLANARIA_CLUSTER` lets two checkouts of one machine have a cluster each, with the custom resources of each."""
DEFAULT_NODES = 2

State = Literal["up", "degraded", "down", "absent"]


@dataclass(frozen=True)
class Row:
    """One process or node. `since` is a time in seconds since the epoch, None where it does not run."""

    name: str
    state: str
    pid: int | None = None
    since: float | None = None


@dataclass(frozen=True)
class ClusterStatus:
    """`absent`: never made or taken down; `down`: made, nothing runs; `degraded`: some of it does."""

    name: str
    provider: str
    state: State
    rows: list[Row] = field(default_factory=list)
    kubeconfig: str = ""
    kubectl: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Finding:
    """One prerequisite. `fix` is the command that brings it, empty where it is there."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


class Provider(Protocol):
    """A local cluster. All methods raise ClusterError with one line that a person can act on."""

    name: str

    def up(
        self,
        nodes: int | None = None,
        simulated: int | None = None,
        *,
        network_policies: bool = False,
    ) -> None:
        """Make the cluster, or bring a damaged or half-made one back; on a healthy one change nothing.

        `nodes` real nodes, default 2 or what the cluster has; `simulated` nodes without containers, default 0 or what it has.
        `network_policies`: enforce them, from now on; without it they are objects that nobody heeds.
        """

    def down(self) -> None:
        """Remove the cluster with all that belongs to it; nothing to do where there is none."""

    def status(self) -> ClusterStatus: ...

    def load(self, path: Path) -> None:
        """Put the images of a docker or OCI archive on every node."""

    def kubeconfig(self) -> Path:
        """Raises NoClusterError where there is no cluster."""

    def kubectl(self) -> Path:
        """A kubectl of the cluster's version, or the one on PATH."""

    def nodes(self) -> list[str]:
        """Names of the real nodes."""

    def stop_node(self, name: str) -> None:
        """Stop the node's kubelet as a lost machine would: its containers run on, NotReady after about 20 s."""

    def lose_node(self, name: str) -> None:
        """Stop the kubelet and cut the node's network: what runs in it is alone, as behind a dead switch."""

    def start_node(self, name: str) -> None:
        """Undo `stop_node` and `lose_node`; returns when the node is Ready again."""

    def stop_part(self, part: str) -> None:
        """End a part of the control plane, such as `etcd`; `start_part` or `up` brings it back."""

    def start_part(self, part: str) -> None:
        """Start it again; returns when the API server is ready."""

    def exec_node(self, name: str, argv: Sequence[str]) -> int:
        """Run a program in the node, as over SSH, with this process' input and output; its exit status."""

    def audit_log(self) -> Path:
        """The file into which the API server writes every change; what was set aside lies beside it.

        Raises UsageError where the provider's clusters write none.
        """

    def doctor(self) -> list[Finding]:
        """Every prerequisite, there or not."""
