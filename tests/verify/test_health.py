"""When is what was broken well again? The store is filled as the API would show it."""

from dataclasses import replace

import pytest

from planaria_operator.objects.autoscaler import SCALED_OBJECT
from planaria_operator.verify.health import Health
from tests.builders import (
    ago,
    autoscaler,
    container,
    daemon_set,
    deployment,
    meta,
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
from tests.verify.asking import ask

FRONT = deployment("front")
SET = replica_set(FRONT)
CALLER = deployment("caller")
BY_KEDA = meta("HorizontalPodAutoscaler", "keda-hpa-front", owner=meta(SCALED_OBJECT, "front"))


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


@pytest.mark.parametrize("symptoms", [True, False], ids=["ill", "well"])
def test_what_the_policy_does_not_select_any_more_is_no_better_for_that(symptoms: bool):
    killed = container(
        restarts=1, running_since=ago(4), last_termination=terminated("OOMKilled", 137, finished=5)
    )
    last = pod("front-2", SET, containers=[killed] if symptoms else [container()])
    found = ask(
        store(FRONT, SET, last, pods_of(SET, 2)), FRONT, under=policy(kinds=["Node"], labels={"a": "b"})
    )
    assert found.healthy != symptoms
    assert ("Deployment/front still shows" in found.message) == symptoms


def test_a_pod_of_a_deleted_node_is_no_fault_of_what_the_policy_does_not_select_any_more():
    """Nor is it of what the policy selects: Kubernetes removes it, and its successor is well."""
    behind = pod("front-9", SET, node="node-9", ready=False, ready_since=ago(30))
    here = store(FRONT, SET, behind, pods_of(SET, 3, node="node-1"), node("node-1"))
    assert ask(here, FRONT).healthy
    assert ask(here, FRONT, under=policy(labels={"a": "b"})).healthy


def scaled_to_zero(**scaler):
    """A world in which `front` had pods, and the workload as it is now; with `scaler` under an autoscaler like that."""
    scalers = [replace(autoscaler(FRONT), **scaler)] if scaler else []
    world, empty = store(FRONT, CALLER, *scalers), deployment("front", desired=0)
    world.put(empty)
    return world, empty


def test_a_target_that_somebody_scales_to_zero_has_nothing_left_to_be_well():
    assert ask(*scaled_to_zero()).healthy


@pytest.mark.parametrize(
    "scaler", [{}, {"minimum": 1}], ids=["by hand", "an autoscaler that zero switches off"]
)
def test_what_was_acted_on_and_is_at_zero_again_is_not_well(scaler):
    world, empty = scaled_to_zero(**scaler)
    found = ask(world, CALLER, extra=empty)
    assert not found.healthy
    assert "Deployment/front is scaled to 0 and had 3" in found.message


@pytest.mark.parametrize("scaler", [{"meta": BY_KEDA}, {"minimum": 0}], ids=["KEDA", "a minimum of zero"])
def test_what_an_autoscaler_takes_to_zero_and_brings_back_itself_is_well_there(scaler):
    world, empty = scaled_to_zero(**scaler)
    assert ask(world, CALLER, extra=empty).healthy


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


def test_a_node_that_was_acted_on_and_then_taken_away_has_nothing_left_to_be_well():
    assert ask(store(FRONT, SET, pods_of(SET)), FRONT, extra=node("node-1")).healthy


@pytest.mark.parametrize(
    ("made", "held_back"), [(deployment, 3), (stateful_set, 2), (stateful_set, 3), (daemon_set, 3)]
)
def test_a_rollout_that_a_person_holds_back_is_well_once_its_pods_are_ready(made, held_back: int):
    held = made("front", updated=3 - held_back, held_back=held_back)
    assert ask(store(held, pods_of(held)), held).healthy
    short = replace(held, ready=2, available=2)
    assert not ask(store(short, pods_of(short)), short).healthy


def test_another_workload_in_trouble_does_not_matter():
    ill = deployment("ill", ready=0)
    assert ask(store(FRONT, SET, pods_of(SET), ill), FRONT).healthy


def test_a_workload_is_not_well_before_the_successor_of_a_pod_whose_node_is_gone_is_ready():
    front = deployment("front", ready=2, available=2)
    gone = pod("front-9", SET, node="node-9", ready=False, ready_since=ago(90))
    world = store(node("node-1"), front, SET, pods_of(SET, 2), gone)
    assert not ask(world, front).healthy
    world.put(FRONT)
    world.put(pod("front-2", SET))
    assert ask(world, FRONT).healthy, "though the old pod is not removed yet"
