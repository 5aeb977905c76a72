"""vLLM's pod is placed on a node that offers GPUs: a node of the API server's alone, with no machine behind it."""

import secrets
from collections.abc import Iterator

import pytest
import yaml

from tests.chart.rendering import Body, of_case, pod_specs, render
from tests.chart.waiting import eventually
from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver

GPU = {"key": "nvidia.com/gpu", "effect": "NoSchedule"}


@pytest.fixture
def gpu_node(kubectl: Kubectl) -> Iterator[str]:
    """Ready, with four GPUs, and tainted as such nodes are, so that nothing else lands there."""
    name = f"gpu-{secrets.token_hex(3)}"
    metadata = {"name": name, "labels": {"accelerator": name, "kubernetes.io/hostname": name}}
    kubectl(
        "create",
        "-f",
        "-",
        stdin=yaml.safe_dump(
            {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": [GPU]}}
        ),
    )
    room = {"cpu": "64", "memory": "512Gi", "pods": "100", "nvidia.com/gpu": "4"}
    ready = {"type": "Ready", "status": "True", "reason": "Simulated", "message": "no machine is behind it"}
    status = yaml.safe_dump({"status": {"capacity": room, "allocatable": room, "conditions": [ready]}})
    kubectl("patch", "node", name, "--subresource=status", "--type=merge", "-p", status)
    yield name
    kubectl("delete", "node", name)


def vllm_pod(namespace: str, node: str) -> Body:
    spec = dict(pod_specs(render(*of_case("vllm-gpu"), namespace=namespace)))["planaria-vllm"]
    volumes = [
        volume if volume["name"] != "cache" else {"name": "cache", "emptyDir": {}}
        for volume in spec["volumes"]
    ]
    changes = {"volumes": volumes, "nodeSelector": {"accelerator": node}}
    metadata = {"name": "vllm", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**spec, **changes}}


def test_it_is_placed_where_the_gpus_are(kubectl: Kubectl, restricted: str, gpu_node: str):
    kubectl("create", "-f", "-", stdin=yaml.safe_dump(vllm_pod(restricted, gpu_node)))
    try:
        eventually(lambda: kubectl.json("get", "pod", "vllm", "-n", restricted)["spec"].get("nodeName"))
        pod = kubectl.json("get", "pod", "vllm", "-n", restricted)
        assert pod["spec"]["nodeName"] == gpu_node
        assert pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    finally:
        kubectl("delete", "pod", "vllm", "-n", restricted, "--force", "--grace-period=0")
