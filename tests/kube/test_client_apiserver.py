"""What only a real API server can show: optimistic locking, budgets, the kubelet's answers, RBAC."""

from typing import Any

import pytest

from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from planaria_operator.kube.interface import PatchType
from tests.kube.real import NOWHERE, deployment, eventually, make_account, post, running_pods, with_token

pytestmark = pytest.mark.apiserver

POLICY = {
    "apiVersion": "planaria.dev/v1alpha1",
    "kind": "HealingPolicy",
    "metadata": {"name": "all"},
    "spec": {},
}


async def test_a_status_applied_on_an_old_version_is_a_conflict(real: KubeClient, namespace: str):
    created = await real.create("HealingPolicy", namespace, POLICY)

    def status(version: str, targets: int) -> dict[str, Any]:
        meta = {"name": "all", "resourceVersion": version}
        return {**POLICY, "metadata": meta, "status": {"targets": targets}}

    async def apply(body: dict[str, Any]) -> dict[str, Any]:
        return await real.patch(
            "HealingPolicy",
            namespace,
            "all",
            body,
            patch_type=PatchType.APPLY,
            subresource="status",
            force=True,
        )

    version = created["metadata"]["resourceVersion"]
    after = await apply(status(version, 1))
    assert after["status"]["targets"] == 1
    with pytest.raises(Conflict, match=r"patch HealingPolicy .*/all \(status\): .*modified"):
        await apply(status(version, 2))
    assert (await real.get("HealingPolicy", namespace, "all"))["status"]["targets"] == 1


async def test_creating_twice_and_creating_nonsense(real: KubeClient, namespace: str):
    await real.create("HealingPolicy", namespace, POLICY)
    with pytest.raises(AlreadyExists):
        await real.create("HealingPolicy", namespace, POLICY)
    nonsense = {**POLICY, "metadata": {"name": "bad"}, "spec": {"mode": "Sometimes"}}
    with pytest.raises(Invalid, match=r"spec\.mode"):
        await real.create("HealingPolicy", namespace, nonsense)
    with pytest.raises(NotFound):
        await real.get("HealingPolicy", namespace, "bad")


async def test_a_dry_run_leaves_nothing_behind(real: KubeClient, namespace: str):
    body = await real.create("Deployment", namespace, deployment("web", **NOWHERE), dry_run=True)
    assert body["metadata"]["name"] == "web"
    assert await real.list("Deployment", namespace) == []


async def test_a_scale_is_read_and_set_through_its_subresource(real: KubeClient, namespace: str):
    await real.create("Deployment", namespace, deployment("web", replicas=0, **NOWHERE))
    scale = await real.get("Deployment", namespace, "web", subresource="scale")
    assert (scale["kind"], scale["spec"].get("replicas", 0)) == ("Scale", 0)
    await real.patch(
        "Deployment",
        namespace,
        "web",
        {"spec": {"replicas": 2}},
        patch_type=PatchType.MERGE,
        subresource="scale",
    )
    assert (await real.get("Deployment", namespace, "web"))["spec"]["replicas"] == 2


async def test_a_json_patch_whose_uid_test_fails_changes_nothing(real: KubeClient, namespace: str):
    await real.create("Deployment", namespace, deployment("web", replicas=0, **NOWHERE))
    patch = [
        {"op": "test", "path": "/metadata/uid", "value": "someone-else"},
        {"op": "replace", "path": "/spec/replicas", "value": 5},
    ]
    with pytest.raises(Invalid):
        await real.patch("Deployment", namespace, "web", patch, patch_type=PatchType.JSON)
    assert (await real.get("Deployment", namespace, "web"))["spec"]["replicas"] == 0


async def test_a_deletion_spares_a_namesake(real: KubeClient, namespace: str):
    await real.create("HealingPolicy", namespace, POLICY)
    with pytest.raises(Conflict):
        await real.delete("HealingPolicy", namespace, "all", uid="11111111-2222-3333-4444-555555555555")
    made = await real.get("HealingPolicy", namespace, "all")
    await real.delete("HealingPolicy", namespace, "all", uid=made["metadata"]["uid"])
    with pytest.raises(NotFound):
        await real.get("HealingPolicy", namespace, "all")


async def test_many_objects_come_in_several_pages(
    real: KubeClient, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("planaria_operator.kube.lists.PAGE", 3)
    for number in range(7):
        await real.create("HealingPolicy", namespace, {**POLICY, "metadata": {"name": f"p{number}"}})
    names = [body["metadata"]["name"] for body in await real.list("HealingPolicy", namespace)]
    assert names == [f"p{number}" for number in range(7)]
    assert len(await real.list("HealingPolicy", namespace, limit=4)) == 4


async def make_budget(real: KubeClient, namespace: str, least: int) -> None:
    spec = {"minAvailable": least, "selector": {"matchLabels": {"app": "web"}}}
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    await post(real, path, {"metadata": {"name": "web"}, "spec": spec})


async def test_evictions_obey_budget_and_uid_and_logs_and_metrics_come_from_the_kubelet(
    real: KubeClient, namespace: str
):
    await real.create(
        "Deployment", namespace, deployment("web", command="echo hello; echo again; sleep 3600")
    )
    (pod,) = await running_pods(real, namespace, 1)
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]

    async def both_lines() -> list[str]:
        text = await real.logs(namespace, name, "app", tail_lines=10, limit_bytes=4096)
        return text.splitlines() if "again" in text else []

    first, second = await eventually(both_lines, "the container's log")
    assert first.endswith("Z hello")
    assert second.endswith("Z again")
    assert (await real.logs(namespace, name, "app", tail_lines=1, limit_bytes=4096)).splitlines() == [second]
    assert (
        await real.logs(namespace, name, "app", tail_lines=10, limit_bytes=len(second) + 2) == f"{second}\n"
    )
    with pytest.raises(Invalid, match="previous terminated container"):
        await real.logs(namespace, name, "app", previous=True, tail_lines=10, limit_bytes=4096)
    assert "node_cpu_usage_seconds_total" in await real.node_text(pod["spec"]["nodeName"], "metrics/resource")

    with pytest.raises(Conflict):
        await real.evict(namespace, name, uid="11111111-2222-3333-4444-555555555555")
    await make_budget(real, namespace, least=1)

    async def refused() -> TooManyRequests | None:
        try:
            await real.evict(namespace, name, uid=uid, dry_run=True)
        except TooManyRequests as error:
            refusals.append(error)
            # While the budget is still being counted the answer is another, also 429.
            return error if "needs 1 healthy pods" in str(error) else None
        return None

    refusals: list[TooManyRequests] = []
    error = await eventually(refused, "the budget refuses")
    assert all(each.budget for each in refusals), "also while it is being counted"
    assert "The disruption budget web needs 1 healthy pods and has 1 currently" in str(error)
    with pytest.raises(NotFound):
        await real.evict(namespace, "nobody", uid=uid)


async def test_a_role_that_lacks_a_verb_is_told_verb_resource_and_place(real: KubeClient, namespace: str):
    token = await make_account(real, namespace, "powerless")
    powerless = with_token(real, token)
    await powerless.ping()
    with pytest.raises(Forbidden) as listing:
        await powerless.list("Pod", namespace)
    with pytest.raises(Forbidden) as evicting:
        await powerless.evict(namespace, "web", uid="u")
    await powerless.close()
    assert f"list Pod in namespace {namespace}: not allowed to list pods: " in str(listing.value)
    assert "not allowed to create pods/eviction" in str(evicting.value)
    assert token not in f"{listing.value}{evicting.value}"


async def test_a_token_that_nobody_issued_is_unauthorized(real: KubeClient):
    stranger = with_token(real, "made-up")
    with pytest.raises(Unauthorized):
        await stranger.ping()
    await stranger.close()
