"""Nodes and pods without containers, for questions of scale: kwok answers for every node with the label `type=kwok`."""

from pathlib import Path
from typing import Any

from planaria_cluster.bare import certificates
from planaria_cluster.bare.api import Api
from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.settings import Settings
from planaria_cluster.build import STAGES
from planaria_cluster.paths import write_if_changed

PORT = 10247


def ensure(settings: Settings, launcher: Launcher, folder: Path) -> None:
    """Start kwok where it does not run."""
    pki, stages = settings.folder / "pki", folder / STAGES
    kubeconfig = settings.folder / "kwok.kubeconfig"
    write_if_changed(kubeconfig, certificates.kubeconfig(settings, pki / "kwok"))
    flags = {
        "kubeconfig": kubeconfig,
        "config": stages,
        # Real nodes live in the same cluster and are none of its business.
        "manage-all-nodes": "false",
        "manage-nodes-with-label-selector": "type=kwok",
        "node-lease-duration-seconds": 40,
        "node-ip": settings.host_address,
        "node-port": PORT,
        "server-address": f"{settings.host_address}:{PORT}",
        "tls-cert-file": pki / "kwok.crt",
        "tls-private-key-file": pki / "kwok.key",
    }
    argv: list[str | Path] = [folder / "kwok", *(f"--{key}={value}" for key, value in flags.items())]
    launcher.ensure(Program("kwok", argv, stages.read_text()))


def ensure_nodes(settings: Settings, api: Api) -> None:
    """Create the nodes that are missing, and delete those that are too many."""
    wanted = {f"{settings.name}-simulated-{number}" for number in range(1, settings.simulated + 1)}
    present = {
        item["metadata"]["name"] for item in api.get("/api/v1/nodes?labelSelector=type%3Dkwok")["items"]
    }
    for name in sorted(wanted - present):
        api.call("POST", "/api/v1/nodes", node(name))
    for name in sorted(present - wanted):
        api.call("DELETE", f"/api/v1/nodes/{name}")


def node(name: str) -> dict[str, Any]:
    """A node of 32 CPUs and 128 GiB. The taint keeps real pods away, which would never run there."""
    size = {"cpu": "32", "memory": "128Gi", "pods": "250"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {
                "type": "kwok",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            },
        },
        "spec": {"taints": [{"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}]},
        "status": {"allocatable": size, "capacity": size, "phase": "Running"},
    }
