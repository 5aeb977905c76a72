"""The chart's own roles on a real API server: each action alone is refused without its role, and works with it."""

import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes.aio.client import ApiClient, Configuration

from planaria_contract import Reload, Restart
from planaria_operator.act.actor import Actor
from planaria_operator.act.running import RELOADED_BY
from planaria_operator.api.plan import Operation, Plan, Verb
from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.interface import RESOURCES, JsonBody, Resource
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON, WHEN_WELL
from tests.act.live import Live
from tests.chart.rendering import of_kind, render

pytestmark = pytest.mark.cluster
TOKEN = "app-12345678/1"
RBAC = "rbac.authorization.k8s.io/v1"
KINDS = {
    "ServiceAccount": Resource("v1", "serviceaccounts"),
    "ClusterRole": Resource(RBAC, "clusterroles", namespaced=False),
    "ClusterRoleBinding": Resource(RBAC, "clusterrolebindings", namespaced=False),
}
Granting = Callable[..., Any]


def rules_of(part: str) -> list[JsonBody]:
    """As the chart renders them, with every action on."""
    on = ["--set", "actions.reload.enabled=true"]
    roles = [
        body for body in of_kind(render(*on), "ClusterRole") if body["metadata"]["name"].endswith(f"-{part}")
    ]
    return [rule for role in roles for rule in role["rules"]]


@pytest.fixture
async def granted(live: Live, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Granting]:
    """An actor that acts as a service account with the roles that are named."""
    for kind, resource in KINDS.items():
        monkeypatch.setitem(RESOURCES, kind, resource)
    made: list[tuple[str, str, str]] = []
    clients: list[KubeClient] = []

    async def grant(*parts: str) -> Actor:
        name = f"{live.namespace}-{'-'.join(parts)}"
        await live.kube.create("ServiceAccount", live.namespace, {"metadata": {"name": name}})
        rules = [rule for part in parts for rule in rules_of(part)]
        await live.kube.create("ClusterRole", "", {"metadata": {"name": name}, "rules": rules})
        subject = {"kind": "ServiceAccount", "name": name, "namespace": live.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        await live.kube.create(
            "ClusterRoleBinding", "", {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
        )
        made.extend([("ClusterRole", "", name), ("ClusterRoleBinding", "", name)])
        client = as_account(live, kubeconfig, name)
        clients.append(client)
        return Actor(client)

    yield grant
    for client in clients:
        await client.close()
    for kind, namespace, name in made:
        await live.kube.delete(kind, namespace, name)


def as_account(live: Live, kubeconfig: Path, name: str) -> KubeClient:
    kubectl = kubeconfig.parent / "bin" / "kubectl"
    asked = [str(kubectl), "--kubeconfig", str(kubeconfig), "create", "token", name, "-n", live.namespace]
    token = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    own = live.kube.configuration
    configuration = Configuration(host=own.host)
    configuration.ssl_ca_cert = own.ssl_ca_cert
    configuration.api_key["BearerToken"] = f"Bearer {token}"
    return KubeClient(ApiClient(configuration))


async def reloading(live: Live) -> tuple[Operation, ...]:
    await live.create("Deployment")
    await live.running(1)
    plan = await live.plan("Deployment", Reload(), actions=[{"type": "reload", "command": ["true"]}])
    assert isinstance(plan, Plan), plan
    return plan.operations


async def test_without_its_role_reload_is_refused_before_anything_happens_and_restart_still_works(
    live: Live, granted: Granting
):
    calls = await reloading(live)
    actor = await granted("read", "restart")
    with pytest.raises(Forbidden, match="not allowed to patch pods"):
        await actor.dry_run(calls)
    (pod,) = await live.running(1)
    assert RELOADED_BY not in (pod["metadata"].get("annotations") or {})
    plan = await live.plan("Deployment", Restart(pods=(pod["metadata"]["name"],)))
    assert isinstance(plan, Plan), plan
    await actor.dry_run(plan.operations)


async def test_the_role_of_reload_is_all_that_reload_needs(live: Live, granted: Granting):
    calls = await reloading(live)
    actor = await granted("read", "reload")
    await actor.dry_run(calls)
    (said,) = await actor.apply(calls, TOKEN)
    assert said.endswith("exit code 0, it printed nothing")


async def test_isolate_needs_its_own_role(live: Live, granted: Granting):
    name = f"spare-{live.namespace}"
    await live.kube.create(
        "Node", "", {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}}
    )
    try:
        body = json.dumps({CORDONED_BY: TOKEN, UNCORDON: WHEN_WELL})
        about = {"kind": "Node", "name": name}
        calls = (Operation.model_validate({"verb": Verb.CORDON, "object": about, "body": body}),)
        with pytest.raises(Forbidden, match="not allowed to patch nodes"):
            await (await granted("read", "restart", "reload")).dry_run(calls)
        actor = await granted("read", "isolate")
        await actor.dry_run(calls)
        assert await actor.apply(calls, TOKEN) == [f"cordoned Node/{name}"]
    finally:
        await live.kube.delete("Node", "", name)
