"""Fixtures for tests against the real API server; a test folder takes them by importing them into its conftest."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from kubernetes.aio.client import ApiClient, Configuration

from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import NotFound
from planaria_operator.kube.interface import JsonBody
from planaria_operator.kube.transport import JSON

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


async def post(kube: KubeClient, path: str, body: JsonBody) -> JsonBody:
    """Create what Planaria itself never reads or writes: budgets, accounts, roles."""
    api = ApiClient(kube.configuration)
    request = await api.param_serialize("POST", path, header_params={"Content-Type": JSON}, body=body)
    answer = await api.call_api(*request, aiohttp.ClientTimeout(total=10))
    made: JsonBody = json.loads(await answer.read())
    await api.close()
    assert answer.status == 201, made
    return made


async def make_account(kube: KubeClient, namespace: str, name: str) -> str:
    """A service account that may do nothing yet; its token."""
    base = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    await post(kube, base, {"metadata": {"name": name}})
    answer = await post(kube, f"{base}/{name}/token", {"spec": {}})
    return str(answer["status"]["token"])


def with_token(kube: KubeClient, token: str) -> KubeClient:
    """Another client of the same server."""
    configuration = Configuration(host=kube.host, ssl_ca_cert=kube.configuration.ssl_ca_cert)
    configuration.api_key["BearerToken"] = f"Bearer {token}"
    return KubeClient(ApiClient(configuration))


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
