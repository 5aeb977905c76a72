"""The configuration file for `kind create cluster`."""

import json
from typing import Any

CONTROLLER_MANAGER = {"node-monitor-period": "2s", "node-monitor-grace-period": "20s"}
_KUBELET = """apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
serializeImagePulls: false
syncFrequency: 10s
nodeStatusUpdateFrequency: 4s
nodeLeaseDurationSeconds: 20
containerLogMaxSize: 5Mi
"""


def configuration(nodes: int) -> str:
    """One control plane node and `nodes` workers, as JSON, which kind reads as YAML.

    The control plane node is not one of the `nodes`: it keeps its taint, so that workloads sit where faults are made.
    """
    extra = "".join(f"    {key}: {value}\n" for key, value in CONTROLLER_MANAGER.items())
    # A map of arguments is kubeadm v1beta3, a list v1beta4; kind applies the patch that fits its own version.
    older = f"kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta3\ncontrollerManager:\n  extraArgs:\n{extra}"
    listed = "".join(
        f'    - {{name: "{key}", value: "{value}"}}\n' for key, value in CONTROLLER_MANAGER.items()
    )
    newer = f"kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta4\ncontrollerManager:\n  extraArgs:\n{listed}"
    tree: dict[str, Any] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {"apiServerAddress": "127.0.0.1"},
        "kubeadmConfigPatches": [older, newer, _KUBELET],
        "nodes": [{"role": "control-plane"}, *({"role": "worker"} for _ in range(nodes))],
    }
    return json.dumps(tree, indent=2)
