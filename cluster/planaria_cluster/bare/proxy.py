"""Service addresses: kube-proxy in each node, with nftables (IPVS is not in every kernel, iptables not on every machine)."""

import json
from pathlib import Path
from typing import Any

from planaria_cluster.bare import certificates
from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.paths import write_if_changed
from planaria_cluster.processes import Process


def configuration(settings: Settings, node: Node) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "hostnameOverride": node.name,
        # Who is not a pod gets the node's address, so that replies to the host come back through the same node.
        "clusterCIDR": settings.pods,
        "clientConnection": {"kubeconfig": str(settings.folder / "proxy.kubeconfig")},
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # This table's size belongs to the whole machine: leave it as it is.
        "conntrack": {"maxPerCore": 0},
    }


def ensure(settings: Settings, node: Node, holder: Process, launcher: Launcher, binaries: Path) -> None:
    """Write the configuration and start kube-proxy in the node."""
    kubeconfig = certificates.kubeconfig(settings, settings.folder / "pki" / "proxy")
    text = json.dumps(configuration(settings, node), indent=2)
    write_if_changed(settings.folder / "proxy.kubeconfig", kubeconfig)
    own = node.folder / "proxy.json"
    write_if_changed(own, text)
    argv: list[str | Path] = [binaries / "kube-proxy", f"--config={own}"]
    launcher.ensure(Program(node.part("kube-proxy"), argv, text + kubeconfig, inside=holder))
