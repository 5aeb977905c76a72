"""NetworkPolicies: a program in each node that is asked about every new connection of a pod.

The nodes' pod networking alone carries everything to everybody, as that of many small clusters does.
"""

from pathlib import Path

from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.processes import Process

PROGRAM = "network-policies"


def ensure(settings: Settings, node: Node, holder: Process, launcher: Launcher, folder: Path) -> None:
    """Start it in the node where it does not run. It reads as the administrator: a cluster of before has no name for it."""
    kubeconfig = settings.folder / "kubeconfig"
    argv: list[str | Path] = [folder / PROGRAM, f"--kubeconfig={kubeconfig}", f"--node={node.name}"]
    launcher.ensure(Program(node.part(PROGRAM), argv, kubeconfig.read_text(), inside=holder))
