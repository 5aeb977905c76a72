"""Autoscalers on a real API server, with the real autoscaling controller, which here never gets a metric."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from planaria_contract import Restart, Scale
from planaria_operator.act.builder import Refusal
from planaria_operator.act.patches import ATTEMPT, REVERT
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.errors import Conflict, Forbidden, NotFound
from planaria_operator.kube.interface import JsonBody, PatchType
from planaria_operator.objects.autoscaler import parse_autoscaler
from tests.act.bodies import AT_ITS_MAXIMUM
from tests.act.live import Live, eventually, minimal_kind

pytestmark = pytest.mark.cluster
TOKEN = "app-12345678/1"
HPA, KEDA = "HorizontalPodAutoscaler", "ScaledObject"
TWICE = Scale(ratio=2.0)
HELD = {
    **AT_ITS_MAXIMUM,
    "currentReplicas": 2,
    "desiredReplicas": 2,
}


def hpa_body(least: int, most: int, **metadata: object) -> JsonBody:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    return {
        "metadata": {"name": "app", **metadata},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
    }


async def autoscaled(live: Live, least: int, most: int, **metadata: object) -> None:
    """Two pods, and an autoscaler of which the controller has said that it sees nothing."""
    await live.create("Deployment", replicas=2)
    await live.kube.create(HPA, live.namespace, hpa_body(least, most, **metadata))
    await eventually(lambda: live.get(HPA), lambda body: bool(parse_autoscaler(body).blind))


async def held_plan(live: Live, **spec: Any) -> Plan:
    """As if its metrics asked for more than its maximum, until the controller says again that it has none."""

    async def made() -> Plan | Refusal:
        status = {"status": HELD}
        await live.kube.patch(
            HPA, live.namespace, "app", status, patch_type=PatchType.MERGE, subresource="status"
        )
        return await live.plan("Deployment", TWICE, **spec)

    found = await eventually(
        made, lambda plan: isinstance(plan, Plan) and "more than its maximum" in plan.summary
    )
    assert isinstance(found, Plan)
    return found


def spec(body: JsonBody) -> JsonBody:
    found: JsonBody = body["spec"]
    return found


async def test_a_higher_maximum_is_sent_once_and_taken_back(live: Live):
    await autoscaled(live, 1, 2)
    plan = await held_plan(live)
    before = await live.get(HPA)
    await live.actor.dry_run(plan.operations)
    assert spec(await live.get(HPA)) == spec(before)

    await live.actor.apply(plan.operations, TOKEN)
    assert "already" in (await live.actor.apply(plan.operations, TOKEN))[0]
    after = await live.get(HPA)
    assert spec(after)["maxReplicas"] == 4
    assert after["metadata"]["annotations"][ATTEMPT] == TOKEN
    assert spec(await live.get("Deployment"))["replicas"] == 2, "the count is the autoscaler's"

    await live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert spec(await live.get(HPA)) == spec(before)


async def test_an_autoscaler_without_metrics_follows_a_higher_minimum(live: Live):
    await autoscaled(live, 1, 3)
    plan = await live.plan("Deployment", TWICE)
    assert isinstance(plan, Plan)
    assert "minReplicas 1 -> 4, maxReplicas 3 -> 4" in plan.summary

    await live.actor.apply(plan.operations, TOKEN)

    await eventually(lambda: live.get("Deployment"), lambda body: spec(body)["replicas"] == 4)


async def test_a_maximum_that_a_person_raised_meanwhile_is_theirs(live: Live):
    await autoscaled(live, 1, 2)
    plan = await held_plan(live)
    theirs = {"spec": {"maxReplicas": 5}}
    await live.kube.patch(HPA, live.namespace, "app", theirs, patch_type=PatchType.MERGE)

    with pytest.raises(Conflict, match="somebody changed it since"):
        await live.actor.apply(plan.operations, TOKEN)
    assert spec(await live.get(HPA))["maxReplicas"] == 5


async def test_an_autoscaler_made_anew_under_the_same_name_is_another(live: Live):
    await autoscaled(live, 1, 2)
    plan = await held_plan(live)
    await live.kube.delete(HPA, live.namespace, "app")
    await live.kube.create(HPA, live.namespace, hpa_body(1, 2))

    with pytest.raises(Conflict, match="replaced"):
        await live.actor.apply(plan.operations, TOKEN)
    assert spec(await live.get(HPA))["maxReplicas"] == 2


async def test_without_keda_in_the_cluster_there_is_nothing_to_ask(live: Live):
    with pytest.raises(NotFound):
        await live.kube.list(KEDA, live.namespace)
    await live.create("Deployment", replicas=1)
    assert isinstance(await live.plan("Deployment", TWICE), Plan)


async def test_the_role_of_scale_is_what_it_takes_and_without_it_the_rest_goes_on(live: Live):
    await autoscaled(live, 1, 3)
    plan = await live.plan("Deployment", TWICE)
    restart = await live.plan("Deployment", Restart())
    assert isinstance(plan, Plan)
    assert isinstance(restart, Plan)
    without = await live.as_operator_with("read", "restart")
    with_it = await live.as_operator_with("read", "scale")
    with pytest.raises(Forbidden, match="horizontalpodautoscalers"):
        await without.actor.dry_run(plan.operations)
    await without.actor.dry_run(restart.operations)

    await with_it.actor.dry_run(plan.operations)
    await with_it.actor.apply(plan.operations, TOKEN)
    assert spec(await live.get(HPA))["minReplicas"] == 4
    for each in (without, with_it):
        await each.kube.close()


@pytest.fixture
async def keda(live: Live) -> AsyncIterator[Live]:
    """Its custom resource alone; what its controller would make, the tests make."""
    async with minimal_kind(live.kube, "keda.sh", KEDA, "scaledobjects"):
        yield live


async def scaled_by_keda(live: Live, **annotations: str) -> None:
    body = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": KEDA,
        "metadata": {"name": "app", "annotations": annotations},
        "spec": {"scaleTargetRef": {"name": "app"}, "maxReplicaCount": 3},
    }
    made = await live.kube.create(KEDA, live.namespace, body)
    owner = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": KEDA,
        "name": "app",
        "uid": made["metadata"]["uid"],
        "controller": True,
    }
    await autoscaled(live, 1, 3, ownerReferences=[owner])


async def test_of_keda_the_scaled_object_is_changed_also_where_a_bound_was_not_written(keda: Live):
    await scaled_by_keda(keda)
    before = await keda.get(KEDA)
    plan = await keda.plan("Deployment", TWICE)
    assert isinstance(plan, Plan)
    assert plan.summary.startswith("ScaledObject/app minReplicaCount 1 -> 4, maxReplicaCount 3 -> 4")
    await keda.actor.dry_run(plan.operations)

    await keda.actor.apply(plan.operations, TOKEN)
    await keda.actor.apply(plan.operations, TOKEN)
    assert spec(await keda.get(KEDA)) == {**spec(before), "minReplicaCount": 4, "maxReplicaCount": 4}
    assert spec(await keda.get(HPA))["minReplicas"] == 1, "that is for KEDA to write"

    await keda.actor.apply(plan.inverse, TOKEN + REVERT)
    assert spec(await keda.get(KEDA)) == spec(before)


async def test_a_paused_scaled_object_is_left_alone(keda: Live):
    await scaled_by_keda(keda, **{"autoscaling.keda.sh/paused-replicas": "2"})
    found = await keda.plan("Deployment", TWICE)
    assert isinstance(found, Refusal)
    assert found.reason is Reason.AUTOSCALER_PAUSED
