"""One cluster's name, size and addresses, decided at its first `up` and kept in `cluster.json`."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from planaria_cluster.errors import UsageError
from planaria_cluster.paths import make_folder, state_root

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?")
MAX_NODES = 60


def check_name(name: str) -> None:
    """Raise UsageError unless `name` can be a folder, a cgroup and the front of a node's name."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"cluster name {name!r}: use 1 to 20 lower-case letters, digits and dashes, a letter first"
        )


@dataclass(frozen=True)
class Node:
    """`number` counts from 1. `folder` holds its containers, logs and configuration."""

    number: int
    name: str
    address: str
    pod_range: str
    folder: Path

    def part(self, program: str) -> str:
        return f"{self.name}.{program}"


@dataclass(frozen=True)
class Settings:
    """`index` is the second number of the cluster's own 10.x.0.0/16, so clusters with different names never meet.

    10.x.0.0/24 is the bridge with the host at .1 and the nodes from .11 on, 10.x.64.0/18 holds a /24 of pods per
    node, 10.x.128.0/17 the Services. etcd and the control plane's own ports live on 127.x.0.1.
    """

    name: str
    index: int
    nodes: int
    simulated: int
    network_policies: bool = False

    @property
    def folder(self) -> Path:
        return folder(self.name)

    @property
    def bridge(self) -> str:
        return f"planaria{self.index}"

    @property
    def host_address(self) -> str:
        return f"10.{self.index}.0.1"

    @property
    def loopback(self) -> str:
        return f"127.{self.index}.0.1"

    @property
    def pods(self) -> str:
        return f"10.{self.index}.64.0/18"

    @property
    def services(self) -> str:
        return f"10.{self.index}.128.0/17"

    @property
    def api_service(self) -> str:
        return f"10.{self.index}.128.1"

    @property
    def dns_service(self) -> str:
        return f"10.{self.index}.128.10"

    @property
    def server(self) -> str:
        return f"https://{self.host_address}:6443"

    @property
    def cgroup(self) -> str:
        # With the index, since PLANARIA_STATE allows two clusters of one name.
        return f"planaria-{self.name}-{self.index}"

    @property
    def marker(self) -> str:
        """An environment line that every process of this cluster carries, to find those whose record was lost."""
        return f"PLANARIA_CLUSTER={self.folder}"

    def node(self, number: int) -> Node:
        name = f"{self.name}-node-{number}"
        octet = 64 + number
        here = f"10.{self.index}.0.{10 + number}"
        return Node(number, name, here, f"10.{self.index}.{octet}.0/24", self.folder / "nodes" / str(number))

    @property
    def all_nodes(self) -> list[Node]:
        return [self.node(number) for number in range(1, self.nodes + 1)]

    def save(self) -> None:
        make_folder(self.folder)
        fresh = self.folder / "cluster.json.new"
        fresh.write_text(json.dumps(asdict(self)) + "\n")
        fresh.rename(self.folder / "cluster.json")


def folder(name: str) -> Path:
    return state_root() / name


def load(name: str) -> Settings | None:
    """The settings of the cluster `name`, or None where there is no trace of it."""
    try:
        return Settings(**json.loads((folder(name) / "cluster.json").read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError) as error:
        raise UsageError(f"{folder(name)}/cluster.json is not ours or is damaged; move it away") from error
