from typing import Any

import pytest

from planaria_operator.kube.errors import AlreadyExists, Conflict, Invalid, NotFound, TooManyRequests
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import PatchType


def deployment(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "labels": {"app": "web"}},
        "spec": {"replicas": 3, **spec},
    }


async def test_calls_are_counted_and_bodies_kept():
    kube = FakeKube(deployment())
    await kube.get("Deployment", "shop", "web")
    await kube.patch("Deployment", "shop", "web", {"spec": {"replicas": 5}}, patch_type=PatchType.MERGE)
    assert kube.calls == {("get", "Deployment"): 1, ("patch", "Deployment"): 1}
    (change,) = kube.changes
    assert (change.body, change.patch_type) == ({"spec": {"replicas": 5}}, PatchType.MERGE)
    assert (await kube.get("Deployment", "shop", "web", subresource="scale"))["spec"] == {"replicas": 5}


async def test_a_scripted_error_comes_as_often_as_asked_for():
    kube = FakeKube(deployment())
    kube.fail("evict", "Pod", TooManyRequests("budget"), times=2)
    for _ in range(2):
        with pytest.raises(TooManyRequests):
            await kube.evict("shop", "web-1", uid="u")
    with pytest.raises(NotFound):
        await kube.evict("shop", "web-1", uid="u")


async def test_a_stale_version_is_a_conflict_and_a_second_create_already_exists():
    kube = FakeKube()
    first = await kube.create("Deployment", "shop", deployment())
    await kube.patch("Deployment", "shop", "web", {"spec": {"replicas": 4}}, patch_type=PatchType.MERGE)
    stale = {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"]}, "status": {}}
    with pytest.raises(Conflict):
        await kube.patch("Deployment", "shop", "web", stale, patch_type=PatchType.APPLY, subresource="status")
    with pytest.raises(AlreadyExists):
        await kube.create("Deployment", "shop", deployment())


async def test_a_uid_that_differs_is_a_conflict_and_a_dry_run_changes_nothing():
    kube = FakeKube(deployment())
    with pytest.raises(Conflict):
        await kube.delete("Deployment", "shop", "web", uid="other")
    body = {"spec": {"replicas": 9}}
    answer = await kube.patch("Deployment", "shop", "web", body, patch_type=PatchType.MERGE, dry_run=True)
    assert answer["spec"]["replicas"] == 9
    assert kube.changes == [kube.made[0]]
    assert (await kube.get("Deployment", "shop", "web"))["spec"]["replicas"] == 3


async def test_a_json_patch_tests_before_it_changes():
    kube = FakeKube(deployment())
    patch: list[dict[str, Any]] = [
        {"op": "test", "path": "/metadata/uid", "value": "u1"},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "add", "path": "/metadata/annotations/planaria.dev~1attempt", "value": "r/1"},
        {"op": "replace", "path": "/spec/replicas", "value": 1},
        {"op": "remove", "path": "/metadata/labels/app"},
    ]
    after = await kube.patch("Deployment", "shop", "web", patch, patch_type=PatchType.JSON)
    assert after["metadata"]["annotations"] == {"planaria.dev/attempt": "r/1"}
    assert (after["spec"]["replicas"], after["metadata"]["labels"]) == (1, {})
    patch[0]["value"] = "another"
    with pytest.raises(Invalid):
        await kube.patch("Deployment", "shop", "web", patch, patch_type=PatchType.JSON)
    with pytest.raises(Invalid):
        await kube.patch(
            "Deployment",
            "shop",
            "web",
            [{"op": "replace", "path": "/spec/none", "value": 1}],
            patch_type=PatchType.JSON,
        )


async def test_a_strategic_merge_joins_containers_by_name_and_a_merge_patch_replaces_the_list():
    containers = [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]
    kube = FakeKube(deployment(containers=containers))
    patch = {"spec": {"containers": [{"name": "b", "cpu": 1}]}}
    merged = await kube.patch("Deployment", "shop", "web", patch, patch_type=PatchType.STRATEGIC)
    assert merged["spec"]["containers"] == [containers[0], {"name": "b", "image": "y", "cpu": 1}]
    replaced = await kube.patch("Deployment", "shop", "web", patch, patch_type=PatchType.MERGE)
    assert replaced["spec"]["containers"] == [{"name": "b", "cpu": 1}]


async def test_lists_know_namespaces_labels_and_fields():
    other = deployment() | {"metadata": {"name": "api", "namespace": "back", "labels": {"app": "api"}}}
    kube = FakeKube(deployment(), other)

    async def names(*scope: str, **selectors: Any) -> list[str]:
        return [body["metadata"]["name"] for body in await kube.list("Deployment", *scope, **selectors)]

    assert await names() == ["api", "web"]
    assert await names("shop") == ["web"]
    assert await names(labels="app=api") == ["api"]
    assert await names(fields="metadata.name=web") == ["web"]
    assert await names(limit=1) == ["api"]


async def test_logs_and_node_texts_are_what_was_put_there():
    kube = FakeKube({"kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop"}})
    kube.log_text["shop", "web-1", "app", False] = "one\ntwo\nthree\n"
    kube.node_texts["n1", "metrics/resource"] = "x 1"
    assert await kube.logs("shop", "web-1", "app", tail_lines=2, limit_bytes=100) == "two\nthree\n"
    assert await kube.node_text("n1", "metrics/resource") == "x 1"
    with pytest.raises(NotFound):
        await kube.node_text("n2", "metrics/resource")


async def test_what_is_made_anew_under_a_name_has_another_uid():
    kube = FakeKube()
    bare = {"metadata": {"name": "web"}}
    first = await kube.create("Deployment", "shop", bare)
    await kube.delete("Deployment", "shop", "web", uid=first["metadata"]["uid"])
    anew = await kube.create("Deployment", "shop", bare)
    assert anew["metadata"]["uid"][:8] != first["metadata"]["uid"][:8]
