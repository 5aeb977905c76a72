"""When many share an image: only where the containers that show the fault do. Else each mesh would be one cause."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.storm import Storm
from planaria_operator.objects.pod import Container
from tests.builders import container, node, policy, store, terminated
from tests.guard.storming import NODES, shared, sick, storms

MESH = "istio/proxyv2:1.22"
RUNNING = container("proxy", image=MESH)
UNSTARTED = replace(RUNNING, started=False, has_startup_probe=True)
UNSCHEDULED = Container("proxy", image=MESH)
THROUGH = container("proxy", image=MESH, terminated=terminated("Completed", 0))
FAILED = container("proxy", image=MESH, terminated=terminated("Error", 1))


def held_by(reason: str) -> Container:
    return container("proxy", image=MESH, waiting_reason=reason)


def with_init(views: list[Any], *init: Container) -> list[Any]:
    """The workload and its ReplicaSet as they are, the pods with these init containers."""
    return [*views[:2], *(replace(each, init_containers=init) for each in views[2:])]


def beside(views: list[Any], *others: Container) -> list[Any]:
    return [*views[:2], *(replace(each, containers=(*each.containers, *others)) for each in views[2:])]


def two() -> Sequence[list[Any]]:
    """On different nodes and of different images, each with a container that does not start."""
    return [sick(name, node=f"node-{number}") for number, name in enumerate("ab")]


TOGETHER = {"a": "a", "b": "a"}


def test_the_same_image_is_a_cause_of_its_own():
    here = (sick(name, node=f"node-{number}", image="base:2") for number, name in enumerate("ab"))
    assert shared(*here, NODES) == TOGETHER


@pytest.mark.parametrize(
    ("init", "found"),
    [
        (THROUGH, {}),
        (RUNNING, {}),
        (held_by("PodInitializing"), {}),
        (UNSCHEDULED, {}),
        (FAILED, TOGETHER),
        (held_by("CrashLoopBackOff"), TOGETHER),
        (UNSTARTED, TOGETHER),
    ],
    ids=[
        "through",
        "sidecar-runs",
        "not-its-turn",
        "unscheduled",
        "failed",
        "crash-loop",
        "sidecar-unstarted",
    ],
)
def test_an_init_container_is_at_fault_only_where_it_is_in_the_way(init: Container, found: dict[str, str]):
    assert shared(*(with_init(each, init) for each in two()), NODES) == found


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (RUNNING, {}),
        (held_by("PodInitializing"), {}),
        (held_by("ContainerCreating"), {}),
        (UNSCHEDULED, {}),
        (THROUGH, TOGETHER),
        (FAILED, TOGETHER),
        (held_by("ImagePullBackOff"), TOGETHER),
        (UNSTARTED, TOGETHER),
    ],
    ids=["runs", "not-its-turn", "is-made", "unscheduled", "ended", "failed", "no-image", "unstarted"],
)
def test_a_container_is_not_at_fault_before_its_turn_has_come(other: Container, found: dict[str, str]):
    assert shared(*(beside(each, other) for each in two()), NODES) == found


def test_in_a_mesh_the_brakes_hold_where_many_break_for_different_reasons():
    views = [sick(name, node=f"node-{number}") for number, name in enumerate("abcdef")]
    nodes = [node(f"node-{number}") for number in range(6)]
    here = store(*(beside(with_init(each, THROUGH), RUNNING) for each in views), nodes)
    under = policy(guardrails={"min_healthy": "50%"})
    asked = storms(views[0][0], here, under)
    assert [guard.check(asked).allowed for guard in (Storm(), MinHealthy())] == [False, False]
