"""What happens to pods and replica counts on a real API server, with its budgets, its scheduler and its conflicts."""

import pytest

from planaria_contract import Migrate, Restart, Scale
from planaria_operator.act.patches import REVERT
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.kube.errors import Conflict, TooManyRequests
from planaria_operator.kube.interface import RESOURCES, JsonBody, Resource
from tests.act.live import Live, eventually, gone

pytestmark = pytest.mark.cluster
TOKEN = "app-12345678/1"


def replicas(body: JsonBody) -> int:
    return int(body["spec"]["replicas"])


async def test_a_pod_restart_replaces_that_pod_once_and_leaves_its_siblings(live: Live):
    await live.create("Deployment", replicas=3)
    before = await live.running(3)
    sick, *siblings = before
    name = sick["metadata"]["name"]
    plan = await live.plan(
        "Deployment", Restart(pods=(name,)), affected=lambda pod: pod["metadata"]["name"] == name
    )
    assert isinstance(plan, Plan)
    await live.actor.dry_run(plan.operations)
    assert not await gone(live, sick)

    assert await live.actor.apply(plan.operations, TOKEN) == [f"evicted Pod/{name}"]
    await eventually(lambda: gone(live, sick), bool)
    after = await live.running(3)
    await live.actor.apply(plan.operations, TOKEN)

    uids = {pod["metadata"]["uid"] for pod in after}
    assert {pod["metadata"]["uid"] for pod in siblings} < uids
    assert {pod["metadata"]["uid"] for pod in await live.running(3)} == uids


async def test_a_stateful_set_pod_of_the_same_name_is_not_evicted_a_second_time(live: Live):
    await live.create("StatefulSet")
    (old,) = await live.running(1)
    plan = await live.plan("StatefulSet", Restart(pods=("app-0",)))
    assert isinstance(plan, Plan)
    await live.actor.apply(plan.operations, TOKEN)
    await eventually(lambda: gone(live, old), bool)
    (new,) = await live.running(1)

    assert await live.actor.apply(plan.operations, TOKEN) == ["Pod/app-0 was gone already"]
    assert not await gone(live, new)


async def test_a_disruption_budget_is_obeyed_in_the_dry_run_and_in_earnest(
    live: Live, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(RESOURCES, "PodDisruptionBudget", Resource("policy/v1", "poddisruptionbudgets"))
    budget = {
        "metadata": {"name": "app"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "app"}}},
    }
    await live.kube.create("PodDisruptionBudget", live.namespace, budget)
    await live.create("Deployment")
    (pod,) = await live.running(1)
    await eventually(
        lambda: live.get("PodDisruptionBudget"), lambda body: body["status"].get("currentHealthy") == 1
    )
    plan = await live.plan("Deployment", Restart(pods=(pod["metadata"]["name"],)))
    assert isinstance(plan, Plan)

    with pytest.raises(TooManyRequests):
        await live.actor.dry_run(plan.operations)
    with pytest.raises(TooManyRequests):
        await live.actor.apply(plan.operations, TOKEN)
    assert not await gone(live, pod)


async def test_a_scale_is_sent_once_and_its_inverse_takes_it_back(live: Live):
    await live.create("Deployment", replicas=1)
    plan = await live.plan("Deployment", Scale(ratio=2.0))
    assert isinstance(plan, Plan)
    await live.actor.dry_run(plan.operations)
    assert replicas(await live.get("Deployment")) == 1

    await live.actor.apply(plan.operations, TOKEN)
    assert "already" in (await live.actor.apply(plan.operations, TOKEN))[0]
    assert replicas(await live.get("Deployment")) == 2

    await live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert replicas(await live.get("Deployment")) == 1


async def test_a_scale_gives_way_to_a_person_who_scaled_meanwhile(live: Live):
    await live.create("Deployment", replicas=1)
    plan = await live.plan("Deployment", Scale(ratio=2.0))
    assert isinstance(plan, Plan)
    await live.change("Deployment", {"spec": {"replicas": 3}})

    with pytest.raises(Conflict, match="3 replicas, not 1"):
        await live.actor.apply(plan.operations, TOKEN)
    assert replicas(await live.get("Deployment")) == 3


async def test_from_zero_the_last_known_count_comes_back_and_can_be_taken_away_again(live: Live):
    await live.create("Deployment", replicas=2)
    await live.plan("Deployment", Scale(ratio=1.0))  # the store sees two replicas
    await live.change("Deployment", {"spec": {"replicas": 0}})
    plan = await live.plan("Deployment", Scale(ratio=1.0))
    assert isinstance(plan, Plan)
    assert plan.summary == "0 -> 2 replicas"

    await live.actor.apply(plan.operations, TOKEN)
    assert replicas(await live.get("Deployment")) == 2
    await live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert replicas(await live.get("Deployment")) == 0


async def test_a_migration_moves_the_pods_and_leaves_no_taint_behind(live: Live):
    await live.create("Deployment", replicas=2)
    pods = await live.running(2)
    source = pods[0]["spec"]["nodeName"]
    here = {pod["metadata"]["name"] for pod in pods if pod["spec"]["nodeName"] == source}
    plan = await live.plan(
        "Deployment",
        Migrate(pods=tuple(here), source=source),
        affected=lambda pod: pod["metadata"]["name"] in here,
    )
    assert isinstance(plan, Plan)
    assert [each.verb for each in plan.operations] == [Verb.AVOID, *[Verb.EVICT] * len(here)]
    try:
        await live.actor.dry_run(plan.operations)
        assert "planaria.dev/avoid" not in await taints(live, source)
        await live.actor.apply(plan.operations, TOKEN)
        assert (await live.actor.apply(plan.operations, TOKEN))[0] == f"Node/{source} was avoided already"
        assert (await taints(live, source)).count("planaria.dev/avoid") == 1
        await eventually(lambda: all_gone(live, [p for p in pods if p["metadata"]["name"] in here]), bool)
        after = await live.running(2)
        assert {pod["spec"]["nodeName"] for pod in after} - {source}
        assert not {pod["metadata"]["name"] for pod in after} & here
    finally:
        await live.actor.apply(plan.cleanup, TOKEN)
    await live.actor.apply(plan.cleanup, TOKEN)
    assert "planaria.dev/avoid" not in await taints(live, source)


async def all_gone(live: Live, pods: list[JsonBody]) -> bool:
    return all([await gone(live, pod) for pod in pods])


async def taints(live: Live, node: str) -> list[str]:
    body = await live.kube.get("Node", "", node)
    return [taint["key"] for taint in body["spec"].get("taints") or ()]
