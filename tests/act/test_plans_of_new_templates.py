"""Restart and rollback: what is planned, and each reason for which it is refused."""

import pytest

from planaria_contract import (
    Resize,
    Restart,
    Rollback,
)
from planaria_operator.act import resize, restart, rollback
from planaria_operator.act.patches import ATTEMPT
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.api.reasons import Reason
from tests.act.bodies import (
    TOKEN,
    affected,
    controller_revision,
    patch_of,
    planned,
    pod,
    refusal,
    refused,
    replaced,
    replica_set,
    seen,
    setting,
    template,
    workload,
)
from tests.builders import node, store, workload_fact

LIMITED = {"limits": {"memory": "256Mi"}, "requests": {"memory": "128Mi"}}

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


@pytest.mark.parametrize(
    ("owner", "closed", "disk", "restarted"),
    [
        ("ReplicaSet", True, "nvme", False),
        ("ReplicaSet", True, "hdd", True),
        ("ReplicaSet", False, "nvme", True),
        ("DaemonSet", True, "nvme", True),
    ],
    ids=["nowhere", "elsewhere", "open", "daemon"],
)
def test_a_pod_on_a_cordoned_node_is_not_evicted_where_no_other_node_would_take_it(
    owner: str, closed: bool, disk: str, restarted: bool
):
    only = pod(owner=owner)
    only["spec"]["nodeSelector"] = {"disk": disk}
    here = node("node-1", labels={"disk": "nvme"}, schedulable=not closed)
    world = store(here, node("node-2", labels={"disk": "hdd"}))
    found = restart.build(setting(Restart(), pods=(only,), world=world))
    assert refusal(found) is (None if restarted else Reason.NOT_MOVABLE)


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


def stateful(*names: str, **spec):
    """A StatefulSet of five, whose pods of these names are broken."""
    target = workload("StatefulSet", made_of=template("app:2", resources=LIMITED), replicas=5, **spec)
    pods = tuple(pod(name, owner="StatefulSet", owner_uid="uid-front", resources=LIMITED) for name in names)
    return {"kind": "StatefulSet", "target": target, "pods": pods}


def evicted(plan: Plan) -> list[str]:
    return [each.object.name for each in plan.operations if each.verb is Verb.EVICT]


def behind(partition: int, **spec):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    return {"updateStrategy": strategy, **spec}


@pytest.mark.parametrize(("most", "count"), [(1, 1), (2, 2), (None, 5), (50, 5)])
def test_a_workload_restart_evicts_no_more_broken_pods_at_once_than_its_bound_and_says_so(most, count):
    names = [f"front-{index}" for index in range(5)]
    plan = planned(restart.build(setting(Restart(scope="workload"), **stateful(*names), max_pods=most)))
    assert evicted(plan) == names[:count]
    assert f"at the pace of the update strategy, but {count} broken pods at once;" in plan.harm


def test_a_workload_restart_that_needs_no_eviction_speaks_of_none():
    assert "broken" not in planned(restart.build(setting(Restart(scope="workload")))).harm


@pytest.mark.parametrize(
    ("build", "parameters"),
    [(rollback.build, Rollback()), (resize.build, Resize(resource="memory", ratio=2.0))],
    ids=["rollback", "resize"],
)
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (behind(0), ["front-1", "front-3"]),
        (behind(2), ["front-3"]),
        (behind(3), ["front-3"]),
        (behind(4), []),
        (behind(1, ordinals={"start": 2}), ["front-3"]),
        ({"updateStrategy": {"type": "OnDelete"}}, ["front-1", "front-3"]),
    ],
    ids=["none", "between", "at it", "above all", "counted from the first ordinal", "on delete"],
)
def test_a_pod_behind_a_partition_would_come_back_as_it_was_and_is_not_evicted(
    build, parameters, spec, expected
):
    good, bad = (template(image, resources=LIMITED) for image in ("app:1", "app:2"))
    history = (controller_revision(2, bad), controller_revision(1, good))
    plan = planned(build(setting(parameters, **stateful("front-1", "front-3", **spec), revisions=history)))
    assert evicted(plan) == expected


def test_a_workload_restart_evicts_also_what_is_broken_behind_a_partition():
    plan = planned(restart.build(setting(Restart(scope="workload"), **stateful("front-1", **behind(3)))))
    assert [each.verb for each in plan.operations] == [Verb.PATCH, Verb.EVICT]


@pytest.mark.parametrize("partition", [5, 9])
def test_where_a_partition_holds_every_pod_a_workload_restart_is_one_of_its_pods(partition: int):
    found = setting(Restart(scope="workload"), **stateful("front-1", **behind(partition)))
    plan = planned(restart.build(found))
    assert [each.verb for each in plan.operations] == [Verb.EVICT]
    assert plan.summary == "evict 1 of 1 pods: front-1"


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


NEWER, FORMER = template("app:2", resources=LIMITED), template("app:1", resources=LIMITED)
REPLACING = [(restart.build, Restart(scope="workload")), (resize.build, Resize(resource="memory", ratio=2.0))]


@pytest.mark.parametrize(("build", "parameters"), REPLACING)
def test_a_release_since_the_evidence_was_read_is_not_rolled_over(build, parameters):
    for observed, expected in (("hash1", Reason.WORLD_CHANGED), ("hash2", None)):
        found = build(
            setting(
                parameters,
                target=workload(made_of=NEWER),
                pods=(pod(resources=LIMITED),),
                revisions=(replica_set(2, NEWER), replica_set(1, FORMER)),
                observed=seen(affected(), workload=workload_fact(revision=observed)),
            )
        )
        assert refusal(found) is expected


@pytest.mark.parametrize(("build", "parameters"), [*REPLACING, (restart.build, Restart())])
def test_a_template_that_on_delete_leaves_to_a_person_does_not_come_with_another_action(build, parameters):
    held = Reason.UNSUPPORTED_TARGET
    for revision, healed, expected in ((1, False, held), (2, False, None), (1, True, None)):
        labels = {"app": "front", "controller-revision-hash": f"front-{revision}"}
        found = build(
            setting(
                parameters,
                kind="StatefulSet",
                target=workload("StatefulSet", made_of=NEWER, updateStrategy={"type": "OnDelete"}),
                pods=(pod(owner="StatefulSet", owner_uid="uid-front", labels=labels, resources=LIMITED),),
                revisions=(controller_revision(2, NEWER), controller_revision(1, FORMER)),
                observed=seen(affected(), workload=workload_fact(healed_revision=healed)),
            )
        )
        assert refusal(found) is expected


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


@pytest.mark.parametrize("observed", ["hash2", None])
def test_only_the_revision_that_was_observed_is_gone_back_from(observed: str | None):
    decided_on = seen(affected("front-0"), workload=workload_fact(revision=observed))
    found = setting(Rollback(), target=workload(made_of=BAD), revisions=HISTORY, observed=decided_on)
    assert replaced(planned(rollback.build(found)).operations[0]) == {"/spec/template": GOOD}


@pytest.mark.parametrize("known", [True, False], ids=["with its ReplicaSet", "before its controller saw it"])
def test_a_revision_that_nobody_has_looked_at_is_not_gone_back_from(known: bool):
    mend = template("app:3")
    history = (replica_set(3, mend), *HISTORY) if known else HISTORY
    decided_on = seen(affected("front-0"), workload=workload_fact(revision="hash2"))
    for parameters in (Rollback(), Rollback(revision="hash1")):
        found = setting(parameters, target=workload(made_of=mend), revisions=history, observed=decided_on)
        assert refused(rollback.build(found)) is Reason.WORLD_CHANGED


def test_a_revision_that_was_restarted_since_is_still_the_one_that_was_observed():
    restarted = template("app:2", annotations={"kubectl.kubernetes.io/restartedAt": "2026-11-23T11:00:00Z"})
    decided_on = seen(affected("front-0"), workload=workload_fact(revision="hash2"))
    history = (replica_set(3, restarted), *HISTORY)
    found = setting(Rollback(), target=workload(made_of=restarted), revisions=history, observed=decided_on)
    assert replaced(planned(rollback.build(found)).operations[0]) == {"/spec/template": GOOD}


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
