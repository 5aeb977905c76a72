"""What does a workload lack? From bodies as the controllers leave them while somebody holds a rollout back."""

from typing import Any

import pytest

from planaria_operator.objects.workload import Workload, parse_workload
from tests.builders import daemon_set, deployment, stateful_set

STUCK = "ProgressDeadlineExceeded"


def parsed(
    kind: str, *, updated: int = 0, ready: int = 3, reason: str = "DeploymentPaused", **spec: Any
) -> Workload:
    """Three pods are wanted, and a new template was written: `updated` of them follow it."""
    if kind == "DaemonSet":
        status = {"desiredNumberScheduled": 3, "numberReady": ready, "numberAvailable": ready}
        status["updatedNumberScheduled"] = updated
    else:
        spec.setdefault("replicas", 3)
        status = {"readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": updated}
    progressing = {"type": "Progressing", "status": "Unknown", "reason": reason}
    conditions = [progressing] if kind == "Deployment" else []
    body = {
        "metadata": {"name": "app", "namespace": "shop", "uid": "app", "generation": 2},
        "spec": spec,
        "status": {"observedGeneration": 2, "conditions": conditions, **status},
    }
    return parse_workload(kind, body)


def partition(number: int) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}


# --- held back by a person

ON_DELETE = {"type": "OnDelete"}
HELD: list[tuple[str, int, dict[str, Any]]] = [
    ("Deployment", 0, {"paused": True}),
    ("Deployment", 1, {"paused": True}),
    ("StatefulSet", 0, {"updateStrategy": ON_DELETE}),
    ("DaemonSet", 1, {"updateStrategy": ON_DELETE}),
    ("StatefulSet", 1, {"updateStrategy": partition(2)}),
    ("StatefulSet", 0, {"updateStrategy": partition(3)}),
    ("StatefulSet", 0, {"updateStrategy": partition(100)}),
]


@pytest.mark.parametrize(("kind", "updated", "spec"), HELD)
def test_a_rollout_that_a_person_holds_back_is_healthy_and_over(
    kind: str, updated: int, spec: dict[str, Any]
):
    held = parsed(kind, updated=updated, **spec)
    assert held.healthy
    assert not held.rollout_in_progress


@pytest.mark.parametrize(("kind", "updated", "spec"), HELD)
def test_a_pod_that_is_not_ready_is_lacking_however_the_rollout_is_held_back(
    kind: str, updated: int, spec: dict[str, Any]
):
    assert parsed(kind, updated=updated, ready=2, **spec).lacking == 1


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Deployment", {}),
        ("StatefulSet", {"updateStrategy": {"type": "RollingUpdate"}}),
        ("StatefulSet", {"updateStrategy": partition(0)}),
        ("DaemonSet", {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}}),
    ],
)
def test_a_rollout_that_nobody_holds_back_is_over_only_with_its_last_pod(kind: str, spec: dict[str, Any]):
    under_way = parsed(kind, updated=2, reason="NewReplicaSetAvailable", **spec)
    assert (under_way.healthy, under_way.lacking, under_way.rollout_in_progress) == (False, 1, True)
    assert parsed(kind, updated=3, reason="NewReplicaSetAvailable", **spec).healthy


def test_the_pods_above_a_partition_must_follow():
    assert parsed("StatefulSet", updated=1, updateStrategy=partition(1)).lacking == 1


@pytest.mark.parametrize(("number", "held"), [(0, 0), (2, 2), (3, 3), (100, 3)])
def test_a_partition_holds_no_more_pods_back_than_there_are(number: int, held: int):
    assert parsed("StatefulSet", updateStrategy=partition(number)).held_back == held


def test_a_deadline_that_passed_before_a_person_paused_the_rollout_says_nothing_any_more():
    """The Deployment controller keeps that reason until somebody resumes."""
    assert parsed("Deployment", reason=STUCK).rollout_stuck
    assert not parsed("Deployment", reason=STUCK, paused=True).rollout_stuck


# --- time


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_for_how_long_a_pod_has_to_be_ready_is_known(kind: str):
    assert parsed(kind, minReadySeconds=30).min_ready_seconds == 30
    assert parsed(kind).min_ready_seconds == 0


# --- environment


def test_what_an_init_container_waits_for_is_named_too_after_all_that_the_main_ones_name():
    waits = {"name": "wait", "command": ["nc", "-z", "db", "5432"], "env": [{"name": "A", "value": "cache"}]}
    main = {"name": "app", "args": ["--to", "backend"]}
    template = {"spec": {"initContainers": [waits], "containers": [main]}}
    named = parsed("Deployment", template=template).environment
    assert named == ("--to", "backend", "cache", "nc", "-z", "db", "5432")


# --- lacking


@pytest.mark.parametrize("made", [deployment, stateful_set, daemon_set])
def test_what_is_missing_most_is_what_is_lacking(made: Any):
    assert made(desired=5, ready=4, updated=3, available=2).lacking == 3
    assert made(desired=5).lacking == 0
    assert made(desired=2, ready=3, updated=3, available=3).lacking == 0, "one too many on its way out"


def test_a_template_that_its_controller_has_not_seen_is_not_healthy_however_little_is_lacking():
    unseen = deployment(generation=2, observed_generation=1)
    assert (unseen.lacking, unseen.healthy, unseen.rollout_in_progress) == (0, False, True)
