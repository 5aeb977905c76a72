"""The node's agent."""

import json
from pathlib import Path
from typing import Any

from planaria_cluster.bare import certificates
from planaria_cluster.bare.containerd import SOCKET
from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.node import cgroup
from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.paths import make_folder, write_if_changed
from planaria_cluster.processes import Process


def configuration(settings: Settings, node: Node) -> dict[str, Any]:
    """A KubeletConfiguration. What is not named keeps the default of Kubernetes, container back-off among it."""
    pki = node.folder / "pki"
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True, "cacheTTL": "10s"},
            "x509": {"clientCAFile": str(settings.folder / "pki" / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(pki / "kubelet.key"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup(settings, node)}",
        "containerRuntimeEndpoint": f"unix:///{SOCKET}",
        "podLogsDir": "/var/log/pods",
        "clusterDNS": [settings.dns_service],
        "clusterDomain": "cluster.local",
        "resolvConf": str(node.folder / "resolv.conf"),
        "failSwapOn": False,
        "oomScoreAdj": 0,  # lowering it needs a capability that not every root has
        "serializeImagePulls": False,
        "syncFrequency": "10s",
        "nodeStatusUpdateFrequency": "4s",
        "nodeLeaseDurationSeconds": 20,  # renewed every 5 s, well within the 20 s after which a node counts as lost
        "containerLogMaxSize": "5Mi",
        "containerLogMaxFiles": 3,
        # The machine's disk is shared with all else on it: pods must not be evicted because a laptop is nearly full.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    }


def ensure(settings: Settings, node: Node, holder: Process, launcher: Launcher, binaries: Path) -> bool:
    """Write the configuration and start or wake the kubelet in the node; True where it had to be."""
    make_folder(node.folder)
    pki = certificates.ensure_node(settings, node)
    files = {
        node.folder / "kubelet.json": json.dumps(configuration(settings, node), indent=2),
        node.folder / "kubelet.kubeconfig": certificates.kubeconfig(settings, pki / "kubelet"),
        node.folder / "resolv.conf": f"nameserver {settings.dns_service}\n",
    }
    for path, text in files.items():
        write_if_changed(path, text)
    argv: list[str | Path] = [
        binaries / "kubelet",
        f"--config={node.folder / 'kubelet.json'}",
        f"--kubeconfig={node.folder / 'kubelet.kubeconfig'}",
        "--root-dir=/var/lib/kubelet",
        f"--cert-dir={node.folder / 'pki'}",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
    ]
    return launcher.ensure(Program(node.part("kubelet"), argv, "".join(files.values()), inside=holder))
