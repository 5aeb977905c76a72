"""What each builder plans, and each reason for which it refuses."""

import json

import pytest

from planaria_contract import (
    Action,
    DependencyFact,
    Migrate,
    PodFact,
    Resize,
    Restart,
    Rollback,
    Scale,
)
from planaria_operator.act import migrate, resize, restart, rollback, scale
from planaria_operator.act.builder import Refusal
from planaria_operator.act.patches import ATTEMPT
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import (
    Attempt,
    DecisionRecord,
    Remediation,
    RemediationSpec,
    RemediationStatus,
)
from tests.act.bodies import (
    TOKEN,
    affected,
    controller_revision,
    pod,
    replica_set,
    seen,
    setting,
    template,
    workload,
)
from tests.builders import NAMESPACE, ago, autoscaler, deployment, node, store, workload_fact


def patch_of(operation: Operation) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(operation.body)
    return found


def replaced(operation: Operation) -> dict[str, object]:
    return {str(step["path"]): step["value"] for step in patch_of(operation) if step["op"] == "replace"}


def planned(found: Plan | Refusal) -> Plan:
    assert isinstance(found, Plan), found
    return found


def refused(found: Plan | Refusal) -> Reason:
    assert isinstance(found, Refusal), found
    assert found.message
    return found.reason


# --- restart


def test_a_pod_restart_evicts_the_named_pods_by_uid():
    plan = planned(restart.build(setting(Restart(pods=("front-0",)), pods=(pod(), pod("front-1")))))
    assert [(each.verb, each.object.name, each.object.uid) for each in plan.operations] == [
        (Verb.EVICT, "front-0", "uid-pod-front-0")
    ]
    assert plan.inverse == ()
    assert plan.summary == "evict 1 of 2 pods: front-0"


def test_a_pod_restart_is_bounded_and_says_so():
    pods = tuple(pod(f"front-{index}") for index in range(5))
    plan = planned(restart.build(setting(Restart(), pods=pods, max_pods=2)))
    assert len(plan.operations) == 2
    assert "at most 2 at once, of 5" in plan.summary


def test_a_pod_that_was_replaced_since_it_was_observed_is_left_alone():
    replacement = pod("front-0", uid="uid-another")
    found = restart.build(
        setting(Restart(pods=("front-0",)), pods=(replacement,), observed=seen(affected("front-0")))
    )
    assert refused(found) is Reason.NO_AFFECTED_POD


def test_a_pod_that_a_person_is_deleting_is_left_alone():
    going = pod("front-0", deletionTimestamp="2026-11-23T12:00:00Z")
    assert refused(restart.build(setting(Restart(), pods=(going,)))) is Reason.NO_AFFECTED_POD


def test_a_workload_restart_uses_the_annotation_of_kubectl_and_the_time_of_the_observation():
    plan = planned(restart.build(setting(Restart(scope="workload"))))
    added = [step["value"] for step in patch_of(plan.operations[0]) if step["op"] == "add"]
    assert added == [{"kubectl.kubernetes.io/restartedAt": "2026-11-23T12:00:00Z"}, TOKEN]


def test_the_same_setting_gives_the_same_plan():
    assert restart.build(setting(Restart(scope="workload"))) == restart.build(
        setting(Restart(scope="workload"))
    )


@pytest.mark.parametrize("strategy", [{}, {"updateStrategy": {"type": "OnDelete"}}])
def test_a_stateful_set_is_helped_past_its_broken_pods(strategy):
    target = workload("StatefulSet", **strategy)
    found = setting(Restart(scope="workload"), kind="StatefulSet", target=target)
    plan = planned(restart.build(found))
    assert [each.verb for each in plan.operations] == [Verb.PATCH, Verb.EVICT]
    assert plan.operations[1].best_effort


@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        (restart.build, Restart(scope="workload")),
        (rollback.build, Rollback()),
        (resize.build, Resize(resource="memory", ratio=2.0)),
    ],
)
def test_a_rollout_that_a_person_has_paused_is_left_alone(build, parameters):
    assert refused(build(setting(parameters, target=workload(paused=True)))) is Reason.UNSUPPORTED_TARGET
    assert refused(build(setting(parameters, kind="Node"))) is Reason.UNSUPPORTED_TARGET


# --- rollback

GOOD, BAD = template("app:1"), template("app:2")
HISTORY = (replica_set(2, BAD), replica_set(1, GOOD))


def test_a_rollback_puts_the_previous_template_back_without_its_hash():
    plan = planned(rollback.build(setting(Rollback(), target=workload(made_of=BAD), revisions=HISTORY)))
    assert replaced(plan.operations[0]) == {"/spec/template": GOOD}
    assert replaced(plan.inverse[0]) == {"/spec/template": BAD}
    assert plan.summary == "back to revision 1 (front-hash1): app: image app:2 -> app:1"


def test_each_patch_tests_whose_object_it_is_and_what_stands_there_and_leaves_its_mark():
    plan = planned(rollback.build(setting(Rollback(), target=workload(made_of=BAD), revisions=HISTORY)))
    marks = {}
    for name, operation, before in (("do", plan.operations[0], BAD), ("undo", plan.inverse[0], GOOD)):
        steps = patch_of(operation)
        tests = {step["path"]: step["value"] for step in steps if step["op"] == "test"}
        assert tests == {"/metadata/uid": "uid-front", "/spec/template": before}
        marks[name] = steps[-1]
    path = f"/metadata/annotations/{ATTEMPT.replace('/', '~1')}"
    assert marks["do"] == {"op": "add", "path": path, "value": TOKEN}
    assert marks["undo"] == {"op": "add", "path": path, "value": f"{TOKEN}/revert"}


def test_a_restart_in_between_is_not_a_revision_to_go_back_to():
    restarted = template("app:2", annotations={"kubectl.kubernetes.io/restartedAt": "2026-11-23T11:00:00Z"})
    history = (replica_set(3, restarted), *HISTORY)
    plan = planned(rollback.build(setting(Rollback(), target=workload(made_of=restarted), revisions=history)))
    assert replaced(plan.operations[0]) == {"/spec/template": GOOD}


def test_revisions_newer_than_the_present_one_are_not_gone_back_to():
    """After an undone rollback the older template is the present one under a newer number."""
    found = rollback.build(setting(Rollback(), target=workload(made_of=GOOD), revisions=HISTORY))
    assert refused(found) is Reason.NO_PREVIOUS_REVISION


@pytest.mark.parametrize("name", ["1", "hash1", "front-hash1"])
def test_a_revision_may_be_asked_for_by_number_hash_or_name(name: str):
    history = (replica_set(3, template("app:3")), *HISTORY)
    wanted = setting(Rollback(revision=name), target=workload(made_of=template("app:3")), revisions=history)
    assert replaced(planned(rollback.build(wanted)).operations[0]) == {"/spec/template": GOOD}


def test_a_revision_that_is_not_kept_is_refused():
    wanted = setting(Rollback(revision="9"), target=workload(made_of=BAD), revisions=HISTORY)
    assert refused(rollback.build(wanted)) is Reason.NO_PREVIOUS_REVISION


def test_a_stateful_set_goes_back_by_its_controller_revision():
    history = (controller_revision(2, BAD), controller_revision(1, GOOD))
    target = workload("StatefulSet", made_of=BAD)
    plan = planned(rollback.build(setting(Rollback(), kind="StatefulSet", target=target, revisions=history)))
    assert replaced(plan.operations[0]) == {"/spec/template": GOOD}


def test_values_of_variables_are_not_repeated_in_the_summary():
    secret = template("app:1")
    secret["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": "hunter2"}]
    history = (replica_set(2, secret), replica_set(1, GOOD))
    plan = planned(rollback.build(setting(Rollback(), target=workload(made_of=secret), revisions=history)))
    assert "app: env" in plan.summary
    assert "hunter2" not in plan.summary


def test_containers_that_come_and_go_are_named_in_the_summary():
    sidecar = template("app:1")
    sidecar["spec"]["containers"][0]["name"] = "proxy"
    history = (replica_set(2, sidecar), replica_set(1, GOOD))
    plan = planned(rollback.build(setting(Rollback(), target=workload(made_of=sidecar), revisions=history)))
    assert "container app added, container proxy removed" in plan.summary


def test_a_template_that_the_record_cannot_hold_is_refused():
    huge = template("app:2", annotations={"note": "x" * 70_000})
    found = setting(Rollback(), target=workload(made_of=huge), revisions=(replica_set(2, huge), HISTORY[1]))
    assert refused(rollback.build(found)) is Reason.PLAN_TOO_LARGE


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


def test_a_pod_that_somebody_resized_further_keeps_what_it_has():
    larger = {"limits": {"memory": "2Gi"}, "requests": {"memory": "128Mi"}}
    plan = planned(resize.build(resizable(pods=(pod(resources=larger),))))
    assert [each.verb for each in plan.operations] == [Verb.PATCH]


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


def test_what_an_autoscaler_owns_is_not_scaled():
    owner = autoscaler(deployment("front"))
    assert refused(scaled(3, world=store(owner))) is Reason.AUTOSCALED


@pytest.mark.parametrize("kind", ["DaemonSet", "Node"])
def test_what_has_no_replica_count_is_not_scaled(kind: str):
    assert refused(scale.build(setting(Scale(ratio=2.0), kind=kind))) is Reason.UNSUPPORTED_TARGET


def test_from_zero_the_count_that_the_observation_remembers_is_restored():
    fact = workload_fact("front", desired=0, last_known_replicas=4)
    observed = seen(
        affected(), dependencies=(DependencyFact(service="front", ready_endpoints=0, workload=fact),)
    )
    assert "0 -> 4" in planned(scaled(0, 1.0, observed=observed)).summary


def test_from_zero_without_a_memory_one_replica_comes_back():
    assert "0 -> 1" in planned(scaled(0, 1.0)).summary


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
    assert refused(moved(Migrate(source="node-1", node="node-2"), world=world)) is Reason.PLAN_TOO_LARGE


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
