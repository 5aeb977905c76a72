"""Grouping: one incident for one workload or one lost node, and none for what is not a fault."""

from typing import Any

import pytest

from planaria_contract import SymptomKind
from planaria_operator.detect.detector import detect
from planaria_operator.objects.meta import OPT_OUT_LABEL
from tests.builders import (
    NOW,
    ago,
    container,
    daemon_set,
    deployment,
    gated_pod,
    node,
    pod,
    pods_of,
    policy,
    replica_set,
    stateful_set,
    store,
    terminated,
)
from tests.verify.asking import ask

LOST: dict[str, Any] = {"ready": False, "ready_since": ago(40)}


def front(*pods_, workload=None, **fields):
    owner = workload or deployment()
    current = replica_set(owner)
    return [owner, current, *(pods_ or pods_of(current, **fields))]


def broken(name, owner, age=60, **fields):
    return pod(name, owner, ready=False, ready_since=ago(age), **fields)


def test_a_calm_cluster_has_no_incident():
    world = store(front(), node())
    assert detect(world, policy(), NOW) == []


def test_many_pods_of_one_workload_are_one_incident_with_the_oldest_symptom_first():
    owner = deployment()
    current = replica_set(owner)
    world = store(owner, current, [broken(f"front-{n}", current, age=40 + n) for n in range(3)])
    (incident,) = detect(world, policy(), NOW)
    assert str(incident.target) == "Deployment/front"
    assert incident.target.uid == owner.meta.uid
    assert [symptom.subject.name for symptom in incident.symptoms] == ["front-2", "front-1", "front-0"]
    assert incident.visible_at == ago(42)
    assert incident.ripe
    assert incident.ripe_at == ago(42 - 30)  # notReadyForSeconds after the oldest


def test_an_incident_is_unripe_while_every_symptom_is_young():
    owner = deployment()
    current = replica_set(owner)
    (incident,) = detect(store(owner, current, broken("front-0", current, age=5)), policy(), NOW)
    assert not incident.ripe


def test_the_key_is_the_same_whenever_and_by_whomever_it_is_computed():
    owner = stateful_set()
    views = [owner, broken("store-0", owner), broken("store-1", owner, age=50)]
    one = detect(store(views), policy(), NOW)
    other = detect(store(reversed(views)), policy(), ago(-20))
    assert one[0].key == other[0].key


def test_bare_pods_and_job_pods_are_nobodys_incident():
    world = store(front(), broken("bare", None), broken("job-x", replica_set(deployment("gone"))))
    assert detect(world, policy(), NOW) == []


def test_a_workload_that_is_being_deleted_has_no_incident():
    owner = deployment(deleting=True)
    current = replica_set(owner)
    assert detect(store(owner, current, broken("front-0", current)), policy(), NOW) == []


def test_a_lost_node_that_is_being_removed_has_no_incident():
    """Its record would close at once, because the node is as good as gone, and the next one would be opened in its place."""
    leaving = node(ready=False, ready_since=ago(90), deleting=True)
    world = store(front(ready=False, ready_since=ago(80)), leaving, node("node-2"))
    assert detect(world, policy(), NOW) == []
    assert ask(world, leaving).gone


@pytest.mark.parametrize("labelled", ["workload", "pod", "node"])
def test_opting_out_works_on_workload_pod_and_node(labelled):
    out = {OPT_OUT_LABEL: "true"}
    owner = deployment(labels={"app": "front", **(out if labelled == "workload" else {})})
    current = replica_set(owner)
    ill = broken("front-0", current, labels=out if labelled == "pod" else {})
    world = store(owner, current, ill, node(labels=out if labelled == "node" else {}))
    assert detect(world, policy(), NOW) == []


def test_a_rolling_update_with_old_pods_leaving_and_new_pods_starting_is_no_incident():
    owner = deployment(progressing_reason="ReplicaSetUpdated", updated=1, available=2)
    old, new = replica_set(owner, 1, desired=2), replica_set(owner, 2, desired=1)
    young = broken("new-0", new, age=20, created=ago(20))
    leaving = broken("old-2", old, age=4, deleting=True)
    assert detect(store(owner, old, new, pods_of(old, 2), young, leaving), policy(), NOW) == []


# --- nodes


def gated_rollout(*others: Any):
    """The new pod waits behind a gate for longer than the rollout may take; the old ones are well."""
    owner = deployment(progressing_reason="ProgressDeadlineExceeded", progressing_since=ago(1), updated=1)
    current = replica_set(owner)
    return store(owner, current, pods_of(current), gated_pod("front-9", current), *others, node())


def test_a_rollout_that_waits_behind_a_scheduling_gate_alone_is_no_incident():
    assert detect(gated_rollout(), policy(), NOW) == []


def test_a_rollout_that_also_waits_for_pods_that_cannot_be_made_is_one():
    owner = deployment(
        progressing_reason="ProgressDeadlineExceeded", progressing_since=ago(1), ready=1, updated=2
    )
    current = replica_set(owner)
    short = store(owner, current, pods_of(current, 1), gated_pod("front-9", current), node())
    (incident,) = detect(short, policy(), NOW)
    assert [symptom.kind for symptom in incident.symptoms] == [SymptomKind.STUCK_ROLLOUT]


def test_a_rollout_that_also_waits_for_another_pod_is_one():
    (incident,) = detect(gated_rollout(broken("front-8", replica_set(deployment()))), policy(), NOW)
    assert SymptomKind.STUCK_ROLLOUT in {symptom.kind for symptom in incident.symptoms}


def lost_node_world(*, kinds_age=40, pod_fields=None, **node_fields):
    owner = deployment()
    current = replica_set(owner)
    settings = {"ready": False, "ready_since": ago(kinds_age), **node_fields}
    on_lost = broken("front-0", current, age=kinds_age, **(pod_fields or {}))
    return store(
        owner, current, on_lost, pod("front-1", current, node="node-2"), node(**settings), node("node-2")
    )


def test_pods_on_a_lost_node_are_one_incident_of_the_node():
    (incident,) = detect(lost_node_world(), policy(), NOW)
    assert str(incident.target) == "Node/node-1"
    assert incident.target.namespace is None
    assert [symptom.kind for symptom in incident.symptoms] == [
        SymptomKind.NOT_READY,
        SymptomKind.NODE_NOT_READY,
    ]
    assert incident.ripe


def test_before_the_node_is_really_lost_nothing_is_ripe_and_no_workload_is_blamed():
    (incident,) = detect(lost_node_world(), policy(triggers={"node_not_ready_for_seconds": 60}), NOW)
    assert incident.target.kind == "Node"
    assert not incident.ripe


def test_pods_that_still_count_as_ready_do_not_hide_the_lost_node():
    owner = deployment()
    current = replica_set(owner)
    (incident,) = detect(store(owner, current, pods_of(current), node(**LOST)), policy(), NOW)
    assert str(incident.target) == "Node/node-1"


def test_a_policy_without_nodes_sees_the_workload_but_only_once_the_node_is_lost():
    workloads_only: dict[str, Any] = {
        "kinds": ("Deployment",),
        "triggers": {"node_not_ready_for_seconds": 60},
    }
    (young,) = detect(lost_node_world(), policy(**workloads_only), NOW)
    (old,) = detect(lost_node_world(kinds_age=61), policy(**workloads_only), NOW)
    assert (young.target.kind, young.ripe) == ("Deployment", False)
    assert (old.target.kind, old.ripe) == ("Deployment", True)


def test_a_policy_for_nodes_alone_moves_the_pods_of_covered_workloads():
    (incident,) = detect(lost_node_world(), policy(kinds=("Node",)), NOW)
    assert incident.target.kind == "Node"


def test_a_lost_node_without_movable_selected_pods_is_no_incident():
    agent = daemon_set()
    away = pod("agent-0", agent, ready=False, ready_since=ago(40))
    assert detect(store(agent, away, node(**LOST)), policy(), NOW) == []
    assert detect(store(front(deleting=True), node(**LOST)), policy(), NOW) == []


def test_pods_whose_node_is_gone_are_nobodys_fault_while_kubernetes_removes_them():
    agent = daemon_set()
    away = pod("agent-0", agent, ready=False, ready_since=ago(40))
    world = lost_node_world()
    world.put(node("node-2"))
    for view in (agent, away):
        world.put(view)
    world.remove(node("node-1"))
    assert detect(world, policy(), NOW) == []


def test_a_new_pod_that_has_no_node_yet_is_seen_though_others_lost_theirs():
    owner = deployment()
    current = replica_set(owner)
    stuck = pod("front-1", current, ready=False, scheduled=False, node=None, phase="Pending",
                unscheduled_since=ago(61))  # fmt: skip
    world = store(owner, current, broken("front-0", current), stuck, node("node-2"))
    (incident,) = detect(world, policy(), NOW)
    assert [symptom.subject.name for symptom in incident.symptoms] == ["front-1"]


def test_where_nodes_are_not_watched_no_pod_is_taken_for_one_whose_node_is_gone():
    owner = deployment()
    current = replica_set(owner)
    (incident,) = detect(store(owner, current, broken("front-0", current)), policy(), NOW)
    assert incident.ripe


def test_what_was_wrong_before_the_node_was_lost_stays_with_its_workload():
    owner = deployment()
    current = replica_set(owner)
    world = store(owner, current, broken("front-0", current, age=900), node(**LOST))
    of_node, of_workload = sorted(detect(world, policy(), NOW), key=lambda each: each.target.kind != "Node")
    assert of_node.visible_at == ago(40)
    assert not of_workload.ripe


def test_after_a_node_returns_its_pods_get_time_to_report_ready():
    back = lost_node_world(kinds_age=400, ready=True, ready_since=ago(10))
    (incident,) = detect(back, policy(), NOW)
    assert not incident.ripe
    (later,) = detect(back, policy(), ago(-25))
    assert later.ripe


def test_a_crash_loop_of_several_pods_names_each_kind_of_symptom():
    owner = deployment()
    current = replica_set(owner)
    looping = container(
        restarts=5, last_termination=terminated("OOMKilled", 137, ran=20), running_since=ago(4)
    )
    (incident,) = detect(store(owner, current, pods_of(current, 2, containers=[looping])), policy(), NOW)
    assert {symptom.kind for symptom in incident.symptoms} == {
        SymptomKind.OUT_OF_MEMORY,
        SymptomKind.RESTARTING,
    }
    assert incident.ripe
