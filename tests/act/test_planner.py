"""What the planner fetches, and what it will not plan on at all."""

import copy

import pytest

from planaria_contract import Isolate, ObjectRef, Resize, Restart, Rollback, Scale
from planaria_contract.actions import Parameters
from planaria_operator.act.builder import Refusal
from planaria_operator.act.planner import BUILDERS, Planner
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.masks import GOVERNED
from planaria_operator.kube.errors import Forbidden, KubeError, NotFound, Unavailable
from planaria_operator.kube.fake import FakeKube
from tests.act.bodies import (
    TOKEN,
    affected,
    autoscaler,
    owned_by,
    pod,
    refusal,
    replica_set,
    scaled_object,
    seen,
    template,
    workload,
)
from tests.builders import NAMESPACE, cluster_policy, decision, node, policy, store

FRONT = ObjectRef(kind="Deployment", name="front", namespace=NAMESPACE, uid="uid-front")
LIMITED = {"limits": {"memory": "256Mi"}}
GOOD, BAD = template("app:1", resources=LIMITED), template("app:2", resources=LIMITED)


def world() -> FakeKube:
    stranger = pod("stranger-0", owner_uid="uid-rs-of-somebody-else")
    foreign = copy.deepcopy(replica_set(9, template("app:9")))
    foreign["metadata"]["ownerReferences"] = owned_by("Deployment", "uid-other")
    return FakeKube(
        workload(made_of=BAD),
        replica_set(1, GOOD),
        replica_set(2, BAD),
        foreign,
        pod(),
        pod("front-1"),
        stranger,
    )


async def ask(kube: FakeKube, parameters: Parameters, target: ObjectRef = FRONT, **spec) -> Plan | Refusal:
    observed = seen(affected("front-0"), affected("front-1"), affected("stranger-0"))
    return await Planner(kube, store()).plan(decision(parameters, target), observed, policy(**spec), TOKEN)


def reason(found: Plan | Refusal) -> Reason:
    assert isinstance(found, Refusal), found
    return found.reason


def test_every_action_that_a_policy_can_list_has_a_builder():
    assert set(BUILDERS) == set(GOVERNED)


async def test_pods_with_the_same_labels_but_another_owner_are_not_the_targets():
    plan = await ask(world(), Restart())
    assert isinstance(plan, Plan)
    assert [each.object.name for each in plan.operations] == ["front-0", "front-1"]


async def test_revisions_of_another_owner_are_not_gone_back_to():
    plan = await ask(world(), Rollback())
    assert isinstance(plan, Plan)
    assert "revision 1 (front-hash1)" in plan.summary


EVENT = {
    "kind": "Event",
    "metadata": {"name": "front.1", "namespace": NAMESPACE},
    "regarding": {"kind": "Deployment", "name": "front"},
    "reportingController": "deployment-controller",
    "reason": "ScalingReplicaSet",
    "note": "Scaled down replica set front-hash1 from 2 to 0",
    "eventTime": "2026-11-23T11:59:00Z",
}


async def test_how_many_replicas_there_were_is_asked_where_the_operator_was_restarted_since():
    kube = FakeKube(workload(replicas=0), EVENT)
    plan = await ask(kube, Scale(ratio=1.0))
    assert isinstance(plan, Plan)
    assert plan.summary == "0 -> 2 replicas"


async def test_without_the_right_to_read_events_one_replica_comes_back():
    class Silent(FakeKube):
        async def list(self, kind, *args, **kwargs):
            if kind == "Event":
                raise Forbidden("not allowed to list events")
            return await super().list(kind, *args, **kwargs)

    plan = await ask(Silent(workload(replicas=0), EVENT), Scale(ratio=1.0))
    assert isinstance(plan, Plan)
    assert plan.summary == "0 -> 1 replicas"


async def test_a_node_incident_reads_the_pods_on_the_node_in_the_policys_namespace():
    kube = FakeKube(
        {"kind": "Node", "metadata": {"name": "node-1", "uid": "n"}},
        pod(),
        pod("elsewhere-0", node_name="node-2"),
        {**pod("front-0"), "metadata": {**pod()["metadata"], "namespace": "other"}},
    )
    target = ObjectRef(kind="Node", name="node-1", uid="n")
    plan = await ask(kube, Restart(), target)
    assert isinstance(plan, Plan)
    assert [(each.object.namespace, each.object.name) for each in plan.operations] == [(NAMESPACE, "front-0")]


def in_stock(body):
    return {**body, "metadata": {**body["metadata"], "namespace": "stock"}}


async def test_under_a_policy_for_many_namespaces_the_incident_says_which():
    theirs = FRONT.model_copy(update={"namespace": "stock"})
    sets = replica_set(1, GOOD), replica_set(2, BAD)
    kube = FakeKube(in_stock(workload(made_of=BAD)), *map(in_stock, sets), in_stock(pod()), pod())
    observed = seen(affected("front-0")).model_copy(update={"target": theirs})
    planner = Planner(kube, store())
    plan = await planner.plan(decision(Restart(), theirs), observed, cluster_policy(), TOKEN)
    assert isinstance(plan, Plan)
    assert [(each.object.namespace, each.object.name) for each in plan.operations] == [("stock", "front-0")]
    elsewhere = await planner.plan(decision(Restart(), FRONT), observed, cluster_policy(), TOKEN)
    assert reason(elsewhere) is Reason.NOT_SELECTED, "an incident does not leave its namespace"


async def test_a_node_incident_of_a_policy_for_many_namespaces_reads_the_pods_of_all():
    node = ObjectRef(kind="Node", name="node-1", uid="n")
    namesake = in_stock({**pod(), "metadata": {**pod()["metadata"], "uid": "uid-namesake"}})
    kube = FakeKube(
        {"kind": "Node", "metadata": {"name": "node-1", "uid": "n"}}, pod(), in_stock(pod("back-0")), namesake
    )
    observed = seen(affected("front-0"), affected("back-0")).model_copy(update={"target": node})
    plan = await Planner(kube, store()).plan(decision(Restart(), node), observed, cluster_policy(), TOKEN)
    assert isinstance(plan, Plan)
    found = {(each.object.namespace, each.object.name) for each in plan.operations}
    assert found == {(NAMESPACE, "front-0"), ("stock", "back-0")}, "not the namesake that nobody observed"
    to_workload = await Planner(kube, store()).plan(
        decision(Restart(), FRONT), observed, cluster_policy(), TOKEN
    )
    assert reason(to_workload) is Reason.NOT_SELECTED


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (FRONT.model_copy(update={"uid": "older"}), Reason.WORLD_CHANGED),
        (FRONT.model_copy(update={"name": "deleted"}), Reason.WORLD_CHANGED),
        (FRONT.model_copy(update={"namespace": "kube-system"}), Reason.NOT_SELECTED),
        (FRONT.model_copy(update={"kind": "Secret"}), Reason.UNSUPPORTED_TARGET),
        (ObjectRef(kind="Node", name="node-1", namespace=NAMESPACE), Reason.NOT_SELECTED),
    ],
)
async def test_a_target_that_is_not_what_was_decided_on_is_refused(target: ObjectRef, expected: Reason):
    assert reason(await ask(world(), Restart(), target)) is expected


async def test_a_target_on_its_way_out_is_refused():
    kube = world()
    body = kube.objects["Deployment", NAMESPACE, "front"]
    body["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    assert reason(await ask(kube, Restart())) is Reason.WORLD_CHANGED


async def test_what_the_policy_does_not_list_is_not_planned():
    kube = world()
    assert reason(await ask(kube, Restart(), actions=[])) is Reason.NOT_ALLOWED_BY_POLICY
    assert kube.made == []


ISOLATE = [{"type": "isolate"}]
NODE = ObjectRef(kind="Node", name="node-1")


async def test_a_workload_cannot_be_cordoned():
    assert reason(await ask(world(), Isolate(node="node-1"), actions=ISOLATE)) is Reason.UNSUPPORTED_TARGET


async def test_a_policy_of_one_namespace_cannot_isolate():
    kube = world()
    assert (
        reason(await ask(kube, Isolate(node="node-1"), NODE, actions=ISOLATE)) is Reason.CLUSTER_POLICY_ONLY
    )
    assert kube.made == []


async def test_a_missing_permission_is_a_refusal_that_names_the_verb():
    kube = world()
    kube.fail("list", "ReplicaSet", Forbidden("not allowed to list replicasets.apps"))
    found = await ask(kube, Rollback())
    assert isinstance(found, Refusal)
    assert (found.reason, found.message) == (Reason.FORBIDDEN, "not allowed to list replicasets.apps")


async def test_a_server_that_is_away_is_not_a_refusal():
    kube = world()
    kube.fail("get", "Deployment", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await ask(kube, Rollback())


async def test_autoscalers_are_read_afresh_whatever_the_watch_has_seen():
    kube = world()
    for body in (autoscaler(), autoscaler(name="elsewhere")):
        kube.put(body)
    kube.objects["HorizontalPodAutoscaler", NAMESPACE, "elsewhere"]["spec"]["scaleTargetRef"]["name"] = "db"
    plan = await ask(kube, Scale(ratio=2.0))
    assert isinstance(plan, Plan)
    assert [str(each.object) for each in plan.operations] == ["HorizontalPodAutoscaler/front"]
    await ask(kube, Restart())
    assert kube.calls["list", "HorizontalPodAutoscaler"] == 1, "only a scale asks for them"


async def test_a_scaled_object_is_changed_where_keda_made_the_autoscaler():
    kube = world()
    kube.put(autoscaler(keda=True))
    kube.put(scaled_object(maxReplicaCount=3))
    plan = await ask(kube, Scale(ratio=2.0))
    assert isinstance(plan, Plan)
    assert [str(each.object) for each in plan.operations] == ["ScaledObject/front"]


@pytest.mark.parametrize(
    ("kind", "error", "keda", "expected"),
    [
        ("HorizontalPodAutoscaler", Forbidden("may not list horizontalpodautoscalers"), False, "Forbidden"),
        ("ScaledObject", NotFound("the server has no such kind"), False, ""),
        ("ScaledObject", Forbidden("may not list scaledobjects.keda.sh"), False, ""),
        ("ScaledObject", Forbidden("may not list scaledobjects.keda.sh"), True, "Forbidden"),
        ("ScaledObject", NotFound("the server has no such kind"), True, "WorldChanged"),
    ],
)
async def test_without_keda_or_the_right_to_see_it_the_rest_goes_on(
    kind: str, error: KubeError, keda: bool, expected: str
):
    kube = world()
    kube.put(autoscaler(keda=keda))
    kube.fail("list", kind, error)
    found = await ask(kube, Scale(ratio=2.0))
    assert (found.reason.value if isinstance(found, Refusal) else "") == expected
    assert isinstance(await ask(kube, Restart()), Plan)


async def test_planning_changes_nothing():
    kube = world()
    await ask(kube, Rollback())
    assert kube.changes == []


@pytest.mark.parametrize("parameters", [Restart(), Rollback(), Resize(resource="memory", ratio=2.0)])
@pytest.mark.parametrize(("closed", "read"), [(True, 1), (False, 0)])
async def test_of_what_replaces_pods_the_volumes_on_cordoned_nodes_are_read_and_no_others(
    parameters: Parameters, closed: bool, read: int
):
    kube = world()
    kube.objects["Pod", NAMESPACE, "front-0"]["spec"]["volumes"] = [
        {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}
    ]
    claim = {"name": "data", "namespace": NAMESPACE}
    kube.put({"kind": "PersistentVolumeClaim", "metadata": claim, "spec": {"volumeName": "pv-1"}})
    kube.put({"kind": "PersistentVolume", "metadata": {"name": "pv-1"}, "spec": {"local": {"path": "/d"}}})
    planner = Planner(kube, store(node("node-1", schedulable=not closed), node("node-2")))
    observed = seen(affected("front-0"))
    found = await planner.plan(decision(parameters, FRONT), observed, policy(), TOKEN)
    assert refusal(found) is (Reason.VOLUME_STAYS if closed else None)
    assert kube.calls["get", "PersistentVolumeClaim"] == read
    assert kube.calls["get", "PersistentVolume"] == read
