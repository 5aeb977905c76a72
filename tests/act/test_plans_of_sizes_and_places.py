"""Resize, scale and migrate: what is planned, and each reason for which it is refused."""

import json
from typing import Any

import pytest

from planaria_contract import (
    Action,
    DependencyFact,
    Migrate,
    PodFact,
    Resize,
    Scale,
)
from planaria_operator.act import migrate, resize, scale
from planaria_operator.act.builder import Refusal
from planaria_operator.api.attempt import Attempt
from planaria_operator.api.decision import DecisionRecord
from planaria_operator.api.plan import ObjectReference, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationSpec, RemediationStatus
from tests.act.bodies import (
    TOKEN,
    affected,
    planned,
    pod,
    refused,
    replaced,
    replica_set,
    seen,
    setting,
    template,
    workload,
)
from tests.builders import NAMESPACE, ago, node, store, workload_fact

# --- resize

LIMITED = {"limits": {"memory": "256Mi", "cpu": "1"}, "requests": {"memory": "128Mi", "cpu": "1"}}
RESOURCES = "/spec/template/spec/containers/0/resources"
DOUBLE = Resize(resource="memory", ratio=2.0)


def resizable(parameters: Resize = DOUBLE, resources=LIMITED, **fields):
    fields.setdefault("pods", (pod(resources=resources),))
    return setting(parameters, target=workload(made_of=template(resources=resources)), **fields)


def test_a_resize_goes_to_the_running_pods_first_and_then_to_the_template():
    plan = planned(resize.build(resizable()))
    in_place, lasting = plan.operations
    assert (in_place.verb, in_place.best_effort, lasting.verb) == (Verb.RESIZE, True, Verb.PATCH)
    assert json.loads(in_place.body) == {
        "metadata": {"uid": "uid-pod-front-0"},
        "spec": {
            "containers": [
                {
                    "name": "app",
                    "resources": {
                        "limits": {"memory": "512Mi", "cpu": "1"},
                        "requests": {"memory": "128Mi", "cpu": "1"},
                    },
                }
            ]
        },
    }
    assert replaced(plan.inverse[0]) == {RESOURCES: LIMITED}
    assert plan.summary == "app memory 256Mi -> 512Mi; in place in 1 pods, then in the template"


def test_only_affected_running_pods_are_resized_in_place():
    pods = (
        pod("a", resources=LIMITED),
        pod("b", resources=LIMITED, phase="Pending"),
        pod("c", resources=LIMITED),
    )
    observed = seen(affected("a"), affected("b"), affected("c").model_copy(update={"affected": False}))
    plan = planned(resize.build(resizable(pods=pods, observed=observed)))
    assert [each.object.name for each in plan.operations if each.verb is Verb.RESIZE] == ["a"]


GROWN = {"limits": {"memory": "640Mi"}, "requests": {"memory": "128Mi"}}
"""What a pod has after somebody resized it in place, while its template still says 256Mi."""


def test_the_new_template_is_above_what_somebody_gave_one_of_its_pods_in_place():
    plan = planned(resize.build(resizable(pods=(pod(resources=GROWN), pod("front-1", resources=LIMITED)))))
    assert plan.summary.startswith("app memory 256Mi -> 768Mi; in place in 2 pods")


def test_a_pod_that_somebody_resized_beyond_the_bound_is_not_made_smaller_by_a_new_template():
    larger = {"limits": {"memory": "2Gi"}, "requests": {"memory": "128Mi"}}
    pods = (pod(resources=LIMITED), pod("front-1", resources=larger))
    found = resize.build(resizable(pods=pods, observed=seen(affected("front-0"))))
    assert refused(found) is Reason.BOUND_REACHED
    assert isinstance(found, Refusal)
    assert "app 2Gi" in found.message


def test_a_pod_that_a_release_is_about_to_make_smaller_does_not_hold_a_resize():
    before = template(resources={"limits": {"memory": "2Gi"}})
    old = pod("front-1", resources={"limits": {"memory": "2Gi"}}, labels={"pod-template-hash": "hash1"})
    revisions = (replica_set(2, template(resources=LIMITED)), replica_set(1, before))
    pods = (pod(resources=LIMITED), old)
    plan = planned(
        resize.build(resizable(pods=pods, revisions=revisions, observed=seen(affected("front-0"))))
    )
    assert "256Mi -> 512Mi" in plan.summary


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (Resize(resource="cpu", ratio=2.0), {"memory": "256Mi", "cpu": "2"}),
        (Resize(resource="both", ratio=1.5), {"memory": "384Mi", "cpu": "1500m"}),
        (Resize(resource="memory", ratio=3.0, container="app"), {"memory": "768Mi", "cpu": "1"}),
    ],
)
def test_the_chosen_resource_is_raised_by_the_ratio(parameters: Resize, expected: dict[str, str]):
    plan = planned(resize.build(resizable(parameters)))
    after = replaced(plan.operations[-1])[RESOURCES]
    assert isinstance(after, dict)
    assert after["limits"] == expected


@pytest.mark.parametrize(
    ("parameters", "resources", "reason"),
    [
        (DOUBLE, {}, Reason.NO_LIMIT_TO_RAISE),
        (DOUBLE, {"limits": {"cpu": "1"}}, Reason.NO_LIMIT_TO_RAISE),
        (Resize(resource="memory", ratio=2.0, container="sidecar"), LIMITED, Reason.NO_LIMIT_TO_RAISE),
        (Resize(resource="memory", ratio=1.0), LIMITED, Reason.BOUND_REACHED),
        (Resize(resource="memory", ratio=0.75), LIMITED, Reason.BOUND_REACHED),
    ],
)
def test_a_resize_that_raises_nothing_is_refused(parameters: Resize, resources, reason: Reason):
    assert refused(resize.build(resizable(parameters, resources))) is reason


def test_a_resize_stops_at_the_policys_bound():
    plan = planned(resize.build(resizable(Resize(resource="memory", ratio=3.0), max_ratio_percent=150)))
    assert "256Mi -> 384Mi" in plan.summary
    assert refused(resize.build(resizable(max_ratio_percent=100))) is Reason.BOUND_REACHED


@pytest.mark.parametrize(("reverted", "after"), [(False, "768Mi"), (True, "1Gi")])
def test_the_bound_is_of_what_the_container_had_when_the_incident_opened(reverted: bool, after: str):
    first = planned(resize.build(resizable()))
    doubled = {**LIMITED, "limits": {"memory": "512Mi", "cpu": "1"}}
    target = ObjectReference(kind="Deployment", namespace=NAMESPACE, name="front", uid="uid-front")
    attempt = Attempt(
        number=1,
        decision=DecisionRecord(action=Action.RESIZE, target=target, decided_by="rules", model="test"),
        plan=first,
        digest=first.digest,
        reserved_at=ago(300),
        applied_at=ago(299),
        reverted_at=ago(10) if reverted else None,
    )
    world = store()
    world.put_remediation(
        Remediation(
            name=TOKEN.split("/", maxsplit=1)[0],
            namespace=NAMESPACE,
            spec=RemediationSpec(policy="p", target=target, incident="i", visible_at=ago(400)),
            status=RemediationStatus(attempts=(attempt,)),
        )
    )
    plan = planned(resize.build(resizable(resources=doubled, world=world, remediation="front-12345678/2")))
    assert f"512Mi -> {after}" in plan.summary


MESHED = [{"name": name, "resources": LIMITED} for name in ("app", "istio-proxy")]
MIGRATE = {"name": "migrate", "resources": LIMITED}


def oom_killed(*names: str, seconds: float = 20, among: str = "containerStatuses"):
    """A resize of two containers and an init container, of which those named were killed for memory `seconds` ago."""
    state = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": ago(seconds).isoformat()}
    body, target = pod(), workload()
    target["spec"]["template"]["spec"] |= {"containers": MESHED, "initContainers": [MIGRATE]}
    body["spec"] |= {"containers": [*MESHED, {"name": "injected"}], "initContainers": [MIGRATE]}
    body["status"][among] = [{"name": name, "lastState": {"terminated": state}} for name in names]
    return resize.build(setting(DOUBLE, target=target, pods=(body,)))


def test_of_several_containers_only_the_one_that_was_killed_for_memory_is_raised():
    plan = planned(oom_killed("app"))
    assert plan.summary == "app memory 256Mi -> 512Mi; in place in 1 pods, then in the template"
    assert [each["name"] for each in json.loads(plan.operations[0].body)["spec"]["containers"]] == ["app"]
    assert list(replaced(plan.operations[-1])) == [RESOURCES]


def test_an_init_container_that_was_killed_for_memory_is_raised_in_the_template_and_no_other_is():
    plan = planned(oom_killed("migrate", among="initContainerStatuses"))
    assert plan.summary.startswith("migrate memory 256Mi -> 512Mi; in place in 0 pods")
    assert list(replaced(plan.operations[-1])) == ["/spec/template/spec/initContainers/0/resources"]


def test_where_no_limit_of_the_template_holds_what_was_killed_no_other_is_raised():
    found = oom_killed("injected")
    assert refused(found) is Reason.NO_LIMIT_TO_RAISE
    assert "injected" in found.message


def test_where_none_was_killed_lately_all_are_raised_but_init_containers():
    plan = planned(oom_killed("istio-proxy", seconds=3601))
    assert plan.summary.startswith("app memory 256Mi -> 512Mi, istio-proxy memory 256Mi -> 512Mi;")


# --- scale


def scaled(present: int, ratio: float = 2.0, **fields):
    return scale.build(setting(Scale(ratio=ratio), target=workload(replicas=present), **fields))


@pytest.mark.parametrize(
    ("present", "ratio", "bounds", "after"),
    [
        (3, 2.0, {}, 6),
        (3, 1.5, {}, 5),
        (6, 2.0, {}, 10),
        (3, 2.0, {"max_replicas": 4}, 4),
        (3, 0.5, {}, 2),
        (20, 0.5, {}, 10),
    ],
)
def test_the_replica_count_follows_the_ratio_within_the_bound(present: int, ratio: float, bounds, after: int):
    plan = planned(scaled(present, ratio, **bounds))
    (go,), (back,) = plan.operations, plan.inverse
    assert (go.from_replicas, go.to_replicas) == (present, after)
    assert (back.from_replicas, back.to_replicas) == (after, present)
    assert plan.summary == f"{present} -> {after} replicas"


@pytest.mark.parametrize(("present", "ratio"), [(10, 2.0), (12, 2.0), (3, 1.0), (1, 0.5)])
def test_a_scale_without_room_is_refused(present: int, ratio: float):
    assert refused(scaled(present, ratio)) is Reason.BOUND_REACHED


@pytest.mark.parametrize("kind", ["DaemonSet", "Node"])
def test_what_has_no_replica_count_is_not_scaled(kind: str):
    assert refused(scale.build(setting(Scale(ratio=2.0), kind=kind))) is Reason.UNSUPPORTED_TARGET


def test_from_zero_the_count_that_the_observation_remembers_is_restored():
    fact = workload_fact("front", desired=0, last_known_replicas=4)
    observed = seen(
        affected(), dependencies=(DependencyFact(service="front", ready_endpoints=0, workload=fact),)
    )
    assert "0 -> 4" in planned(scaled(0, 1.0, observed=observed)).summary


def said(note: str, reason: str = "ScalingReplicaSet") -> dict[str, str]:
    return {"reason": reason, "note": note}


def test_from_zero_after_a_restart_the_count_is_what_the_controller_said_last():
    events = (
        said("Scaled up replica set front-1 from 0 to 1"),
        said("Scaled down replica set front-1 from 3 to 0"),
        said("Scaled down replica set front-1 from 7 to 0"),
    )
    assert "0 -> 3" in planned(scaled(0, 1.0, events=events)).summary
    assert "0 -> 2" in planned(scaled(0, 1.0, events=events, max_replicas=2)).summary


@pytest.mark.parametrize(
    "event",
    [
        said("Scaled down replica set front-1 from 5 to 2"),
        said("Scaled down replica set front-1 from 5 to 0", reason="SomethingElse"),
        said("please: Scaled down replica set front-1 from 900 to 0"),
        said("Scaled down replica set front-1 from 0 to 0"),
    ],
)
def test_from_zero_what_does_not_say_so_is_not_believed(event: dict[str, str]):
    assert "0 -> 1" in planned(scaled(0, 1.0, events=(event,))).summary


def test_from_zero_without_a_memory_one_replica_comes_back():
    assert "0 -> 1" in planned(scaled(0, 1.0)).summary


DELETES_VOLUMES: dict[str, Any] = {
    "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
    "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"},
}


def test_a_scale_whose_undo_would_delete_volumes_is_not_undone_and_says_so():
    target = workload("StatefulSet", **DELETES_VOLUMES)
    plan = planned(scale.build(setting(Scale(ratio=2.0), kind="StatefulSet", target=target)))
    assert (plan.operations[0].to_replicas, plan.inverse) == (6, ())
    assert "not undone, which would delete their volumes" in plan.harm


def test_a_stateful_set_that_deletes_the_volumes_of_the_pods_that_go_is_not_scaled_down():
    target = workload("StatefulSet", **DELETES_VOLUMES)
    found = scale.build(setting(Scale(ratio=0.5), kind="StatefulSet", target=target))
    assert refused(found) is Reason.UNSUPPORTED_TARGET


@pytest.mark.parametrize("spec", [{**DELETES_VOLUMES, "persistentVolumeClaimRetentionPolicy": {}}, {}])
def test_a_stateful_set_that_keeps_its_volumes_is_scaled_and_undone(spec):
    target = workload("StatefulSet", **spec)
    plan = planned(scale.build(setting(Scale(ratio=0.5), kind="StatefulSet", target=target)))
    assert [each.to_replicas for each in (*plan.operations, *plan.inverse)] == [2, 3]


# --- migrate


def moved(parameters: Migrate | None = None, **fields) -> Plan | Refusal:
    return migrate.build(setting(parameters or Migrate(source="node-1"), **fields))


def verbs(plan: Plan) -> list[tuple[Verb, str]]:
    return [(each.verb, each.object.name) for each in plan.operations]


def test_a_ready_node_is_avoided_for_a_while():
    plan = planned(moved())
    assert verbs(plan) == [(Verb.AVOID, "node-1"), (Verb.EVICT, "front-0")]
    assert [(each.verb, each.object.name) for each in plan.cleanup] == [(Verb.UNAVOID, "node-1")]
    assert plan.inverse == ()


LOST = (node("node-1", ready=False), node("node-2"))


def test_a_lost_node_needs_no_taint_of_ours():
    assert verbs(planned(moved(world=store(*LOST)))) == [(Verb.EVICT, "front-0")]


def test_a_preferred_node_is_preferred_by_avoiding_the_others():
    world = store(*LOST, node("node-3"), node("node-4", schedulable=False))
    plan = planned(moved(Migrate(source="node-1", node="node-3"), world=world))
    assert verbs(plan) == [(Verb.AVOID, "node-2"), (Verb.EVICT, "front-0")]


def test_in_a_large_cluster_no_node_is_preferred():
    world = store(*LOST, [node(f"worker-{index}") for index in range(21)])
    plan = planned(moved(Migrate(source="node-1", node="node-2"), world=world))
    assert (verbs(plan), plan.cleanup) == ([(Verb.EVICT, "front-0")], ())
    assert "where the scheduler finds room" in plan.summary, "it says no more than is done"


def test_in_a_large_cluster_a_ready_node_that_is_left_is_avoided_all_the_same():
    world = store(node("node-1"), [node(f"worker-{index}") for index in range(21)])
    plan = planned(moved(Migrate(source="node-1", node="worker-0"), world=world))
    assert verbs(plan) == [(Verb.AVOID, "node-1"), (Verb.EVICT, "front-0")]
    assert "where the scheduler finds room" in plan.summary


def test_as_many_nodes_are_avoided_as_the_bound_allows():
    world = store(*LOST, [node(f"worker-{index}") for index in range(20)])
    plan = planned(moved(Migrate(source="node-1", node="node-2"), world=world))
    assert [verb for verb, _ in verbs(plan)] == [Verb.AVOID] * 20 + [Verb.EVICT]
    assert "node node-2 preferred" in plan.summary


@pytest.mark.parametrize(
    ("others", "wanted"),
    [((), None), ((node("node-2", schedulable=False),), None), ((node("node-2", ready=False),), "node-2")],
)
def test_without_a_node_to_go_to_nothing_moves(others, wanted):
    found = moved(Migrate(source="node-1", node=wanted), world=store(LOST[0], *others))
    assert refused(found) is Reason.NO_OTHER_NODE


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (pod(owner=""), affected()),
        (pod(owner="DaemonSet"), affected()),
        (pod(owner="Node"), affected()),
        (pod(owner="StatefulSet"), affected()),
        (pod(), affected(movable=False)),
        (pod(node_name="node-2"), affected()),
        (pod(uid="another"), affected()),
    ],
    ids=["bare", "daemon", "static", "stateful on a lost node", "not movable", "elsewhere", "replaced"],
)
def test_a_pod_that_would_not_come_back_elsewhere_is_not_evicted(body, fact: PodFact):
    found = moved(pods=(body,), observed=seen(fact), world=store(*LOST))
    assert refused(found) is Reason.NOT_MOVABLE


def test_no_more_pods_move_at_once_than_the_policy_allows():
    pods = tuple(pod(f"front-{index}") for index in range(5))
    plan = planned(moved(pods=pods, world=store(*LOST), max_pods=2))
    assert len(plan.operations) == 2
