"""When is the loss of a node over? Once what ran there runs, there or elsewhere, whatever becomes of the node."""

import pytest

from planaria_operator.api.remediation import Remediation
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.store import ClusterStore
from tests.builders import (
    ago,
    daemon_set,
    deployment,
    node,
    pod,
    pods_of,
    policy,
    replica_set,
    stateful_set,
    store,
)
from tests.guard.storming import recorded
from tests.verify.asking import ask

FRONT = deployment("front")
SET = replica_set(FRONT)
LOST = node("node-1", ready=False, ready_since=ago(100))
BACK = node("node-1", ready_since=ago(50))


def test_a_lost_node_with_unready_pods_is_not_well():
    sick = pods_of(SET, 1, ready=False, ready_since=ago(90))
    found = ask(store(LOST, FRONT, SET, sick), LOST)
    assert not found.healthy
    assert "1 pods are not ready on Node/node-1: front-hash1-0" in found.message


def test_the_incident_is_over_once_the_pods_run_elsewhere_though_the_node_stays_lost():
    moved = pods_of(SET, 3, node="node-2")
    leaving = pod("front-old", SET, deleting=True, ready=False)
    assert ask(store(LOST, node("node-2"), FRONT, SET, moved, leaving), LOST).healthy


def test_it_is_not_over_before_the_workload_has_its_pods_elsewhere():
    front = deployment("front", ready=2, available=2)
    leaving = pod("front-old", SET, deleting=True, ready=False)
    found = ask(store(LOST, front, SET, leaving), LOST)
    assert not found.healthy
    assert "Deployment/front has 2 ready" in found.message


def test_a_daemon_sets_pod_is_left_to_its_node():
    agent = daemon_set("agent", desired=2, ready=1, available=1)
    stuck = pod("agent-0", agent, ready=False, ready_since=ago(90))
    assert ask(store(LOST, agent, stuck), LOST).healthy


def test_a_stateful_sets_pod_that_cannot_leave_keeps_the_incident_open():
    db = stateful_set("db", desired=1, ready=0, available=0)
    stuck = pod("db-0", db, ready=False, ready_since=ago(90))
    assert not ask(store(LOST, db, stuck), LOST).healthy


def test_pods_that_the_policy_does_not_select_do_not_count():
    stranger = deployment("stranger", ready=0, labels={"planaria.dev/ignore": "true"})
    sick = pod("stranger-0", replica_set(stranger), ready=False, ready_since=ago(90))
    assert ask(store(LOST, stranger, replica_set(stranger), sick), LOST).healthy


def test_what_the_record_was_opened_for_counts_though_the_policy_moves_it_no_more():
    stuck = pod("front-0", SET, ready=False, ready_since=ago(90))
    world, elsewhere = store(LOST, FRONT, SET, stuck), policy(labels={"tier": "other"})
    assert ask(world, LOST, under=elsewhere).healthy
    found = ask(world, LOST, under=elsewhere, opened_for=stuck)
    assert "1 pods are not ready on Node/node-1: front-0" in found.message


def test_what_the_policy_moves_counts_alone_while_there_is_any():
    back = deployment("back", labels={"tier": "other"})
    owned = replica_set(back)
    stuck, leaving = (
        pod("front-0", SET, ready=False, ready_since=ago(90)),
        pod("back-0", owned, deleting=True, ready=False),
    )
    world = store(LOST, FRONT, SET, stuck, back, owned, leaving)
    assert ask(world, LOST, under=policy(labels={"tier": "other"}), opened_for=stuck).healthy


def test_a_node_that_was_removed_is_gone():
    assert ask(store(FRONT), LOST).gone


def test_what_is_scaled_to_zero_after_the_loss_is_not_waited_for():
    leaving = pod("front-old", SET, deleting=True, ready=False)
    world = store(LOST, FRONT, SET, leaving)
    world.put(deployment("front", desired=0))
    assert ask(world, LOST).healthy


# --- what was ill before


def half_ill(state: Node) -> ClusterStore:
    """A workload with one pod that left the node and one that never was there and is not ready."""
    front = deployment("front", desired=2, ready=1, available=1)
    gone, moved = pod("front-old", SET, deleting=True, ready=False), pod("front-0", SET, node="node-2")
    ill = pod("front-1", SET, node="node-2", ready=False, ready_since=ago(60))
    return store(state, node("node-2"), front, SET, gone, moved, ill)


@pytest.mark.parametrize("state", [LOST, BACK], ids=["lost", "back"])
def test_what_was_ill_before_the_loss_is_left_to_its_own_record(state: Node):
    world = half_ill(state)
    world.put_remediation(recorded("front", 86400))
    assert ask(world, state).healthy, "though its pod crashes again and again, the last time after the loss"


@pytest.mark.parametrize(
    "own",
    [None, recorded("front", 100), recorded("front", 86400, finished=True), recorded("back", 86400)],
    ids=["none", "from the loss on", "finished", "of another"],
)
def test_what_fell_ill_with_the_node_is_waited_for(own: Remediation | None):
    world = half_ill(LOST)
    if own:
        world.put_remediation(own)
    assert "Deployment/front has 1 ready" in ask(world, LOST).message


def test_a_pod_that_was_ill_before_must_leave_a_lost_node_all_the_same():
    """While it is there the node has an incident, and one record after the other would be opened for it."""
    stuck = pod("front-0", SET, ready=False, ready_since=ago(86400))
    for state, healthy in ((LOST, False), (BACK, True)):
        world = store(state, FRONT, SET, stuck)
        world.put_remediation(recorded("front", 86400))
        assert ask(world, state).healthy == healthy


def test_once_the_node_is_back_what_has_a_record_of_its_own_is_left_to_that():
    """What stays ill for days would keep the node from counting as well, and hold what is to be done about others."""
    world = half_ill(BACK)
    assert "Deployment/front has 1 ready" in ask(world, BACK).message
    world.put_remediation(recorded("front", 40))
    assert ask(world, BACK).healthy


# --- what another loss took


def half_lost(state: Node, other: Node, *, desired: int = 2) -> ClusterStore:
    """A workload with a pod on each of two nodes, which is ready where its node is, but for that on the other node."""
    front = deployment("front", desired=desired, ready=1, available=1)
    here = pod("front-0", SET, ready=state.ready, ready_since=ago(60))
    there = pod("front-1", SET, node="node-2", ready=False, ready_since=ago(60))
    return store(state, other, front, SET, here, there)


def test_what_another_lost_node_took_is_left_to_that_nodes_record():
    """The other's is held for as long as this one is open, because too few nodes are well: both would stand for ever."""
    assert ask(half_lost(BACK, node("node-2", ready=False)), BACK).healthy


@pytest.mark.parametrize(
    ("state", "other", "desired"),
    [
        (LOST, node("node-2", ready=False), 2),
        (BACK, node("node-2"), 2),
        (BACK, node("node-2", ready=False), 3),
    ],
    ids=["both are lost", "the other is well", "one is missing altogether"],
)
def test_what_no_other_loss_explains_is_waited_for(state: Node, other: Node, desired: int):
    found = ask(half_lost(state, other, desired=desired), state)
    assert "Deployment/front has 1 ready" in found.message
