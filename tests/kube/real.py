"""Fixtures for tests against the real API server; a test folder takes them by importing them into its conftest."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import NotFound
from planaria_operator.kube.interface import JsonBody

IMAGE = "planaria.local/busybox:1"


@pytest.fixture
async def real(kubeconfig: Path) -> AsyncIterator[KubeClient]:
    client = await connect(kubeconfig)
    yield client
    await client.close()


@pytest.fixture
async def namespace(real: KubeClient) -> AsyncIterator[str]:
    name = f"edge-{secrets.token_hex(4)}"
    await real.create("Namespace", "", {"metadata": {"name": name}})
    yield name
    with contextlib.suppress(NotFound):
        await real.delete("Namespace", "", name)


def deployment(name: str, *, replicas: int = 1, command: str = "sleep 3600", **pod: Any) -> JsonBody:
    """Of busybox pods that stop at once when told to."""
    container = {"name": "app", "image": IMAGE, "command": ["sh", "-c", command]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **pod},
            },
        },
    }


NOWHERE: dict[str, Any] = {"nodeSelector": {"planaria.test/nobody": "has-this"}}
"""A pod spec that no node takes: real pods and real watch events at no cost to the nodes."""


async def eventually(condition: Any, what: str, seconds: float = 60.0) -> Any:
    """The first truthy result of an async condition."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not (result := await condition()):
        assert loop.time() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.2)
    return result


async def running_pods(kube: KubeClient, namespace: str, count: int) -> list[JsonBody]:
    async def ready() -> list[JsonBody]:
        pods = await kube.list("Pod", namespace)
        up = [
            pod
            for pod in pods
            if any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in pod["status"].get("conditions") or ()
            )
        ]
        return up if len(up) >= count else []

    pods: list[JsonBody] = await eventually(ready, f"{count} running pods in {namespace}")
    return pods
