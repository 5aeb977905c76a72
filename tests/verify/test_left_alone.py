"""A pod that nobody waits for does not keep its workload, or its node, from being well; and no more than that is excused."""

from dataclasses import replace

import pytest

from planaria_operator.objects.meta import OPT_OUT_LABEL
from tests.builders import (
    ago,
    daemon_set,
    deployment,
    gated_pod,
    node,
    pod,
    pods_of,
    replica_set,
    stateful_set,
    store,
)
from tests.verify.asking import ask

SET = replica_set(deployment("front"))
LOST = node("node-1", ready=False, ready_since=ago(100))
AGENT = daemon_set("agent", desired=2, ready=1, available=1)
AWAY = pod("agent-0", AGENT, ready=False, ready_since=ago(90))
HERE = pod("agent-1", AGENT, node="node-2")


def test_a_daemon_set_is_well_though_another_node_of_it_is_lost():
    assert ask(store(LOST, node("node-2"), AGENT, AWAY, HERE), AGENT).healthy


def test_a_daemon_set_with_an_unready_pod_on_a_node_that_is_there_is_not_well():
    found = ask(store(node("node-1"), node("node-2"), AGENT, AWAY, HERE), AGENT)
    assert "1 ready" in found.message
    assert "still shows NotReady on 1 objects" in found.message


@pytest.mark.parametrize("labelled", ["pod", "node"])
def test_a_workload_is_well_though_a_pod_is_not_that_is_left_alone(labelled: str):
    out = {OPT_OUT_LABEL: "true"}
    front = deployment("front", ready=2, available=2)
    sick = pod("front-9", SET, ready=False, labels=out if labelled == "pod" else {}, node="node-9")
    labels = out if labelled == "node" else {}
    assert ask(store(node("node-9", labels=labels), front, SET, pods_of(SET, 2), sick), front).healthy


def test_a_workload_is_well_though_a_pod_waits_behind_a_scheduling_gate():
    front = deployment("front", ready=2, available=2)
    queued = gated_pod("front-9", SET)
    assert ask(store(front, SET, pods_of(SET, 2), queued), front).healthy
    let_through = replace(queued, gated=False)
    assert not ask(store(front, SET, pods_of(SET, 2), let_through), front).healthy


@pytest.mark.parametrize("short", ["ready", "updated", "available"])
def test_only_so_many_may_be_missing_as_are_left_alone(short: str):
    agent = daemon_set("agent", desired=3, **{"ready": 2, "available": 2, short: 1})
    found = ask(store(LOST, node("node-2"), agent, AWAY, pod("agent-1", agent, node="node-2")), agent)
    assert not found.healthy
    assert f"1 {short}" in found.message


def test_a_pod_that_is_left_alone_and_ready_excuses_nothing():
    front = deployment("front", ready=2, available=2)
    kept = pod("front-9", SET, labels={OPT_OUT_LABEL: "true"})
    assert not ask(store(front, SET, kept, pods_of(SET, 1)), front).healthy


@pytest.mark.parametrize("fields", [{"deleting": True}, {"phase": "Failed"}], ids=["leaving", "failed"])
def test_a_pod_that_is_replaced_elsewhere_excuses_nothing(fields):
    front = deployment("front", ready=2, available=2)
    old = pod("front-9", SET, ready=False, labels={OPT_OUT_LABEL: "true"}, **fields)
    assert not ask(store(front, SET, old, pods_of(SET, 2)), front).healthy


def test_a_daemon_sets_pod_that_cannot_leave_a_lost_node_has_no_successor_and_is_not_waited_for():
    leaving = pod("agent-0", AGENT, ready=False, ready_since=ago(90), deleting=True)
    assert ask(store(LOST, node("node-2"), AGENT, leaving, HERE), AGENT).healthy


def test_a_lost_node_excuses_one_pod_of_a_daemon_set_however_many_are_on_it():
    agent = daemon_set("agent", desired=3, ready=1, available=1)
    surge = pod("agent-9", agent, ready=False, ready_since=ago(90))
    assert not ask(store(LOST, node("node-2"), agent, AWAY, surge, HERE), agent).healthy


def test_a_pod_on_a_lost_node_that_would_come_back_elsewhere_excuses_nothing():
    db = stateful_set("db", desired=2, ready=1, available=1)
    stuck = pod("db-0", db, ready=False, ready_since=ago(90))
    assert not ask(store(LOST, db, stuck, pod("db-1", db, node="node-2")), db).healthy


def test_a_pod_that_is_left_alone_does_not_keep_the_incident_of_its_node_open():
    front = deployment("front", ready=2, available=2)
    kept = pod("front-9", SET, ready=False, ready_since=ago(90), labels={OPT_OUT_LABEL: "true"})
    assert ask(store(LOST, node("node-2"), front, SET, kept, pods_of(SET, 2, node="node-2")), LOST).healthy
