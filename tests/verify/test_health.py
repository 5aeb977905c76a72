"""When is what was broken well again? The store is filled as the API would show it."""

import pytest

from planaria_operator.api.plan import ObjectReference
from planaria_operator.detect.detector import detect
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.verify.health import Health, health
from tests.builders import (
    NOW,
    ago,
    container,
    daemon_set,
    deployment,
    node,
    pod,
    pods_of,
    policy,
    replica_set,
    stateful_set,
    store,
    terminated,
    waiting,
)


def reference(view: Workload | Node) -> ObjectReference:
    about = view.meta
    return ObjectReference(kind=about.kind, namespace=about.namespace or None, name=about.name, uid=about.uid)


def ask(world: ClusterStore, target: Workload | Node, extra: Workload | None = None) -> Health:
    other = reference(extra) if extra else None
    return health(world, policy(), detect(world, policy(), NOW), reference(target), extra=other)


FRONT = deployment("front")
SET = replica_set(FRONT)


def test_a_workload_with_everything_it_wants_is_well():
    assert ask(store(FRONT, SET, pods_of(SET)), FRONT) == Health(
        healthy=True, gone=False, message="Deployment/front is well"
    )


@pytest.mark.parametrize("lacks", ["ready", "updated", "available"])
def test_a_workload_that_lacks_a_pod_is_not(lacks: str):
    front = deployment("front", **{lacks: 2})
    found = ask(store(front, SET, pods_of(SET)), front)
    assert not found.healthy
    assert f"2 {lacks}" in found.message


def test_a_workload_whose_controller_has_not_seen_the_new_template_is_not():
    front = deployment("front", generation=2, observed_generation=1)
    assert not ask(store(front, SET, pods_of(SET)), front).healthy


@pytest.mark.parametrize(
    "sick",
    [
        pod("front-9", SET, ready=False, ready_since=ago(1)),  # unripe: not ready for a second
        pod("front-9", SET, ready=False, containers=[waiting("CrashLoopBackOff", restarts=3)]),
        pod(
            "front-9",
            SET,
            containers=[container(restarts=1, running_since=ago(4), last_termination=terminated())],
        ),
    ],
    ids=["just not ready", "crash loop", "just restarted after a crash"],
)
def test_any_symptom_even_an_unripe_one_means_not_well_yet(sick):
    found = ask(store(FRONT, SET, sick, pods_of(SET, 2)), FRONT)
    assert not found.healthy
    assert "still shows" in found.message


def test_scaling_a_workload_to_zero_does_not_make_it_well():
    world = store(FRONT, SET)
    empty = deployment("front", desired=0)
    world.put(empty)
    found = ask(world, empty)
    assert not found.healthy
    assert "scaled to 0 and had 3" in found.message


def test_a_workload_that_never_wanted_a_pod_is_well_without_one():
    idle = deployment("front", desired=0)
    assert ask(store(idle), idle).healthy


def test_a_deleted_target_is_gone():
    assert ask(store(), FRONT).gone


def test_a_namesake_made_later_is_not_the_target():
    again = deployment("front", uid="another")
    assert ask(store(again), FRONT).gone


def test_a_target_that_is_being_deleted_is_gone():
    assert ask(store(deployment("front", deleting=True)), FRONT).gone


def test_what_was_acted_on_must_be_well_too():
    back = deployment("back", desired=2, ready=1)
    world = store(FRONT, SET, pods_of(SET), back)
    found = ask(world, FRONT, extra=back)
    assert (found.healthy, found.gone) == (False, False)
    assert "Deployment/back has 1 ready" in found.message
    world.put(deployment("back", desired=2))
    assert ask(world, FRONT, extra=back).healthy


def test_what_was_acted_on_and_deleted_since_is_not_well_but_the_target_is_not_gone():
    found = ask(store(FRONT, SET, pods_of(SET)), FRONT, extra=deployment("back"))
    assert (found.healthy, found.gone) == (False, False)


def test_another_workload_in_trouble_does_not_matter():
    ill = deployment("ill", ready=0)
    assert ask(store(FRONT, SET, pods_of(SET), ill), FRONT).healthy


# --- nodes

LOST = node("node-1", ready=False, ready_since=ago(100))


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


def test_a_node_that_was_removed_is_gone():
    assert ask(store(FRONT), LOST).gone
