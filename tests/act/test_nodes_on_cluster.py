"""Whose cordon is it? On a real API server, where a person acts between any two of our calls; and a real drain."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from planaria_contract import Isolate, ObjectRef, Observation
from planaria_operator.act.actor import Actor
from planaria_operator.act.builder import Refusal
from planaria_operator.act.patches import REVERT
from planaria_operator.act.planner import Planner
from planaria_operator.api.healing_policy import HealingPolicy, HealingPolicySpec
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.errors import Conflict, TooManyRequests
from planaria_operator.kube.interface import JsonBody, PatchType
from planaria_operator.objects.cluster import parse_node
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON, is_ours, marks
from tests.act.live import Live, eventually, gone, pod_fact, workload_body
from tests.builders import NOW, decision, symptom

TOKEN = "app-12345678/1"


@dataclass
class Spare:
    """A node of the test's own: an object that no kubelet stands behind, so that nobody else's pods are disturbed."""

    live: Live
    name: str

    async def body(self) -> JsonBody:
        return await self.live.kube.get("Node", "", self.name)

    async def plan(self, attempt: str = TOKEN) -> Plan | Refusal:
        return await planned(self.live, self.name, drain=False, attempt=attempt)

    async def cordoned(self) -> Plan:
        plan = await self.plan()
        assert isinstance(plan, Plan), plan
        await self.live.actor.apply(plan.operations, TOKEN)
        return plan

    async def person(self, unschedulable: bool) -> None:
        """`kubectl cordon` or `kubectl uncordon`, as the API server sees them."""
        patch = {"spec": {"unschedulable": unschedulable or None}}
        await self.live.kube.patch(
            "Node", "", self.name, patch, patch_type=PatchType.STRATEGIC, field_manager="kubectl-cordon"
        )

    async def open(self) -> bool:
        return not (await self.body())["spec"].get("unschedulable")


async def planned(
    live: Live,
    node: str,
    *,
    drain: bool,
    attempt: str = TOKEN,
    sick: tuple[str, ...] = (),
    protected: frozenset[str] = frozenset(),
    **entry: Any,
) -> Plan | Refusal:
    for body in await live.kube.list("Node"):
        live.store.put(parse_node(body))
    facts = tuple(pod_fact(each, affected=each["metadata"]["name"] in sick) for each in await live.pods())
    target = ObjectRef(kind="Node", name=node)
    seen = Observation(incident="i", time=NOW, target=target, symptoms=(symptom(),), pods=facts)
    spec = HealingPolicySpec.model_validate({"actions": [{"type": "isolate", **entry}]})
    policy = HealingPolicy(name="p", namespace="", uid="p", spec=spec)
    chosen = decision(Isolate(node=node, drain=drain), target)
    live.store.protected = protected
    return await Planner(live.kube, live.store).plan(chosen, seen, policy, attempt)


def node_body(name: str) -> JsonBody:
    """As a kubelet makes it: with labels. Of an object that begins with nothing the server keeps no owners of fields."""
    return {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}}


@pytest.fixture
async def spare(live: Live) -> AsyncIterator[Spare]:
    name = f"spare-{uuid.uuid4().hex[:8]}"
    await live.kube.create("Node", "", node_body(name))
    try:
        yield Spare(live, name)
    finally:
        await live.kube.delete("Node", "", name)


@pytest.mark.cluster
async def test_a_cordon_is_set_once_and_taken_back_with_its_marks(spare: Spare):
    plan = await spare.plan()
    assert isinstance(plan, Plan), plan
    await spare.live.actor.dry_run(plan.operations)
    assert await spare.open()

    node = f"Node/{spare.name}"
    assert await spare.live.actor.apply(plan.operations, TOKEN) == [f"cordoned {node}"]
    body = await spare.body()
    assert is_ours(body)
    assert marks(body)[CORDONED_BY] == TOKEN
    assert await spare.live.actor.apply(plan.operations, TOKEN) == [f"{node} was cordoned already"]

    assert await spare.live.actor.apply(plan.inverse, TOKEN + REVERT) == [f"uncordoned {node}"]
    assert await spare.open()
    assert marks(await spare.body()) == {}
    again = await spare.live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert again == [f"the cordon of {node} is not ours, so it stays as it is"]


@pytest.mark.cluster
async def test_a_person_who_cordons_meanwhile_has_the_node(spare: Spare):
    plan = await spare.plan()
    assert isinstance(plan, Plan), plan
    await spare.person(unschedulable=True)
    with pytest.raises(Conflict, match="cordoned already, by somebody else"):
        await spare.live.actor.apply(plan.operations, TOKEN)
    await spare.live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert not await spare.open()
    refusal = await spare.plan("app-12345678/2")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.ALREADY_CORDONED


@pytest.mark.cluster
async def test_a_person_who_cordons_anew_keeps_it_cordoned(spare: Spare):
    plan = await spare.cordoned()
    await spare.person(unschedulable=False)
    await spare.person(unschedulable=True)
    assert CORDONED_BY in marks(await spare.body()), "kubectl leaves our mark where it is"
    (said,) = await spare.live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert "stays as it is" in said
    assert not await spare.open()


@pytest.mark.cluster
async def test_a_node_that_a_person_opened_can_be_closed_by_the_next_attempt(spare: Spare):
    first = await spare.cordoned()
    await spare.person(unschedulable=False)
    next_one = await spare.plan("app-12345678/2")
    assert isinstance(next_one, Plan), next_one
    await spare.live.actor.apply(next_one.operations, "app-12345678/2")
    await spare.live.actor.apply(first.inverse, TOKEN + REVERT)
    assert not await spare.open(), "what the first attempt closed is not what is closed now"
    await spare.live.actor.apply(next_one.inverse, "app-12345678/2/revert")
    assert await spare.open()


@pytest.mark.cluster
async def test_a_namesake_is_another_node(spare: Spare):
    plan, before = await spare.plan(), await spare.body()
    assert isinstance(plan, Plan), plan
    await spare.live.kube.delete("Node", "", spare.name)
    await spare.live.kube.create("Node", "", node_body(spare.name))
    assert (await spare.body())["metadata"]["uid"] != before["metadata"]["uid"]
    with pytest.raises(Conflict, match="was replaced"):
        await spare.live.actor.apply(plan.operations, TOKEN)
    assert await spare.live.actor.apply(plan.inverse, TOKEN + REVERT) == [f"Node/{spare.name} is gone"]
    assert await spare.open()


@pytest.mark.cluster
async def test_heartbeats_and_labels_of_others_do_not_make_it_theirs(spare: Spare):
    plan = await spare.cordoned()
    patch = {
        "metadata": {"labels": {"team": "shop"}},
        "spec": {"taints": [{"key": "x", "effect": "NoSchedule"}]},
    }
    await spare.live.kube.patch(
        "Node", "", spare.name, patch, patch_type=PatchType.MERGE, field_manager="kubectl-edit"
    )
    await spare.live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert await spare.open()


# --- a drain, with real pods


async def preferring(live: Live, app: str, node: str) -> None:
    """One pod that goes to `node` while that is open."""
    body = workload_body("Deployment")
    wanted = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    preferred = [{"weight": 100, "preference": wanted}]
    body["metadata"]["name"] = app
    body["spec"]["selector"]["matchLabels"]["part"] = app
    body["spec"]["template"]["metadata"]["labels"]["part"] = app
    body["spec"]["template"]["spec"]["affinity"] = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}
    }
    await live.kube.create("Deployment", live.namespace, body)


def part(pods: list[JsonBody], name: str) -> JsonBody:
    return next(each for each in pods if each["metadata"]["labels"]["part"] == name)


@dataclass
class Drained:
    live: Live
    node: str
    protected: frozenset[str]
    """Everybody else's namespaces: the cluster is shared."""

    async def plan(self, *sick: str) -> Plan:
        pods = await self.live.running(3)
        names = tuple(part(pods, each)["metadata"]["name"] for each in sick)
        plan = await planned(self.live, self.node, drain=True, sick=names, protected=self.protected)
        assert isinstance(plan, Plan), plan
        return plan


@pytest.fixture
async def shared(live: Live) -> AsyncIterator[Drained]:
    """Three workloads of one pod each on the same node, of which `kept` has a budget that lets nothing go."""
    first = min(each["metadata"]["name"] for each in await live.kube.list("Node"))
    others = {each["metadata"]["name"] for each in await live.kube.list("Namespace")} - {live.namespace}
    for app in ("one", "two", "kept"):
        await preferring(live, app, first)
    budget = {
        "metadata": {"name": "kept"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"part": "kept"}}},
    }
    await live.kube.create("PodDisruptionBudget", live.namespace, budget)
    await eventually(
        lambda: live.get("PodDisruptionBudget", "kept"),
        lambda found: found["status"].get("currentHealthy") == 1,
    )
    try:
        assert {each["spec"]["nodeName"] for each in await live.running(3)} == {first}
        yield Drained(live, first, frozenset(others))
    finally:
        gone_again = {
            "spec": {"unschedulable": None},
            "metadata": {"annotations": {CORDONED_BY: None, UNCORDON: None}},
        }
        await live.kube.patch("Node", "", first, gone_again, patch_type=PatchType.MERGE)


@pytest.mark.cluster
async def test_isolating_a_node_moves_its_pods_and_leaves_what_a_budget_holds(shared: Drained):
    live, plan = shared.live, await shared.plan("one", "two")
    before = await live.running(3)
    await live.actor.dry_run(plan.operations)
    assert [await gone(live, each) for each in before] == [False] * 3

    notes = await live.actor.apply(plan.operations, TOKEN)
    assert notes[0] == f"cordoned Node/{shared.node}"
    assert "was not granted" in notes[-1], "the one that its budget holds"
    await eventually(lambda: gone(live, part(before, "one")), bool)
    await eventually(lambda: gone(live, part(before, "two")), bool)
    after = await live.running(3)
    assert part(after, "one")["spec"]["nodeName"] != shared.node
    assert part(after, "two")["spec"]["nodeName"] != shared.node
    assert part(after, "kept")["metadata"]["uid"] == part(before, "kept")["metadata"]["uid"]

    await live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert not (await live.kube.get("Node", "", shared.node))["spec"].get("unschedulable")


@pytest.mark.cluster
async def test_a_budget_that_holds_an_affected_pod_holds_the_whole_action(shared: Drained):
    live, plan = shared.live, await shared.plan("kept")
    with pytest.raises(TooManyRequests):
        await live.actor.dry_run(plan.operations)
    with pytest.raises(TooManyRequests):
        await Actor(live.kube).apply(plan.operations, TOKEN)
    before = await live.running(3)
    assert not await gone(live, part(before, "one")), (
        "the affected come first, so nothing was moved for nothing"
    )
    await live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert not (await live.kube.get("Node", "", shared.node))["spec"].get("unschedulable")
