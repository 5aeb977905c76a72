"""The whole way on real nodes: two workloads in two namespaces fail on one node alone, and that node is isolated once."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from planaria_contract import Action, Fault
from planaria_operator.act.patches import REVERT
from planaria_operator.act.planner import Planner
from planaria_operator.api.healing_policy import ClusterHealingPolicy, ClusterHealingPolicySpec
from planaria_operator.api.plan import Plan
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.masks import node_masks, policy_masks
from planaria_operator.decide.runbook import Runbook
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.evidence.collector import Collector
from planaria_operator.guard.node_action import NodeAction
from planaria_operator.guard.weather import Weather, weather
from planaria_operator.kube.interface import JsonBody, PatchType
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.sync import prime
from tests.act.live import Live, eventually, is_ready, workload_body
from tests.builders import state
from tests.guard.proposals import proposal, remediation

pytestmark = pytest.mark.cluster
TOKEN = "one-12345678/1"


@dataclass
class Towns:
    live: Live
    other: str
    node: str
    """On which nothing of this test ever becomes ready."""

    @property
    def namespaces(self) -> tuple[str, str]:
        return self.live.namespace, self.other

    async def pods(self) -> list[JsonBody]:
        found = [each for name in self.namespaces for each in await self.live.kube.list("Pod", name)]
        return [each for each in found if not each["metadata"].get("deletionTimestamp")]

    async def store(self) -> ClusterStore:
        feed = Feed(ClusterStore())
        await prime(self.live.kube, feed, ())
        return feed.store


def workload(name: str, node: str) -> JsonBody:
    body = workload_body("Deployment", replicas=2)
    body["metadata"]["name"] = name
    body["spec"]["progressDeadlineSeconds"] = 2
    spec = body["spec"]["template"]["spec"]
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "app"}},
    }
    spec["topologySpreadConstraints"] = [spread]
    spec["containers"][0]["env"] = [
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    ]
    probe = {"exec": {"command": ["sh", "-c", f'test "$NODE" != {node}']}, "periodSeconds": 1}
    spec["containers"][0]["readinessProbe"] = probe
    return body


@pytest.fixture
async def towns(live: Live) -> AsyncIterator[Towns]:
    node = min(each["metadata"]["name"] for each in await live.kube.list("Node"))
    other = f"act-{uuid.uuid4().hex[:8]}"
    await live.kube.create("Namespace", "", {"metadata": {"name": other}})
    here = Towns(live, other, node)
    for name, namespace in zip(("one", "two"), here.namespaces, strict=True):
        await live.kube.create("Deployment", namespace, workload(name, node))
    try:
        await eventually(here.pods, lambda found: sum(map(is_ready, found)) == 2 and len(found) == 4)
        yield here
    finally:
        marks = {CORDONED_BY: None, UNCORDON: None}
        back = {"spec": {"unschedulable": None}, "metadata": {"annotations": marks}}
        await live.kube.patch("Node", "", node, back, patch_type=PatchType.MERGE)
        await live.kube.delete("Namespace", "", other)


def policy_of(towns: Towns) -> ClusterHealingPolicy:
    chosen = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(towns.namespaces)}
    spec = {
        "mode": "Enforce",
        "namespaceSelector": {"matchExpressions": [chosen]},
        "actions": [{"type": "migrate"}, {"type": "isolate"}],
    }
    return ClusterHealingPolicy(name="all", uid="p", spec=ClusterHealingPolicySpec.model_validate(spec))


async def planned(
    towns: Towns, store: ClusterStore, policy: ClusterHealingPolicy, incident: Incident, sky: Weather
) -> Plan:
    now = datetime.now(UTC)
    seen = await Collector(towns.live.kube, store).observe(
        policy, incident.target, incident.symptoms, "i", now
    )
    shared = sky.shared_nodes[incident.target.uid or ""]
    masks = (*policy_masks(policy), *node_masks(incident.target, shared.node))
    situation = Situation(seen, state(Fault.NODE_FAULT), masks=masks, shared_node=shared.node)
    decision = await Runbook().decide(situation)
    assert decision.category is Action.ISOLATE, decision.explanation
    others = {each["metadata"]["name"] for each in await towns.live.kube.list("Namespace")}
    store.protected = frozenset(others - set(towns.namespaces))
    plan = await Planner(towns.live.kube, store).plan(decision, seen, policy, TOKEN)
    assert isinstance(plan, Plan), plan
    return plan


async def test_a_node_on_which_two_workloads_fail_is_isolated_for_both(towns: Towns):
    policy, store = policy_of(towns), await towns.store()
    incidents = await eventually(lambda: _detected(towns, policy), lambda found: len(found) == 2)
    sky = weather(store, policy, incidents, datetime.now(UTC))
    assert {each.node for each in sky.shared_nodes.values()} == {towns.node}
    lead = next(each for each in incidents if sky.shared_nodes[each.target.uid or ""].lead == each.target.uid)
    follower = next(each for each in incidents if each is not lead)

    plan = await planned(towns, store, policy, lead, sky)
    assert {each.object.namespace for each in plan.operations} == {None, *towns.namespaces}
    for incident, allowed in ((lead, True), (follower, False)):
        target = store.workload("Deployment", incident.target.namespace or "", incident.target.name)
        assert target is not None
        asked = proposal(
            target=target, plan=plan, world=store, under=policy, weather=sky, remediation=remediation(target)
        )
        assert NodeAction().check(asked).allowed is allowed

    await towns.live.actor.dry_run(plan.operations)
    await towns.live.actor.apply(plan.operations, TOKEN)
    healed = await eventually(towns.pods, lambda found: len(found) == 4 and all(map(is_ready, found)))
    assert towns.node not in {each["spec"]["nodeName"] for each in healed}
    assert await _detected(towns, policy) == []
    await towns.live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert not (await towns.live.kube.get("Node", "", towns.node))["spec"].get("unschedulable")


async def _detected(towns: Towns, policy: ClusterHealingPolicy) -> list[Incident]:
    return detect(await towns.store(), policy, datetime.now(UTC))
