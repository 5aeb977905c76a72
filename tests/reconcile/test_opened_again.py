"""One record for one fault: none is opened for what would close it at once, again and again."""

from datetime import timedelta
from typing import Any

import pytest

from planaria_operator.objects.cluster import Node
from planaria_operator.reconcile.engine import Engine
from tests.builders import ago, deployment, node, pod, replica_set
from tests.reconcile.harness import RESTART, Script
from tests.reconcile.passes import passes
from tests.reconcile.seeing import Seeing

FRONT = deployment(ready=2, available=2)
SET = replica_set(FRONT, ready=2)
LOST = node("node-1", ready=False, ready_since=ago(120))


async def seen(
    monkeypatch: pytest.MonkeyPatch, lost: Node, workload: Any, *pods: Any, minutes: int = 5
) -> Seeing:
    """What stands in the store after a while of passes."""
    here = Seeing(Script([RESTART]), monkeypatch, mode="Observe")
    here.see(workload, SET, lost, node("node-2"), *pods)
    engine = Engine(here.parts)
    for _ in range(minutes * 6):
        await passes(engine, here, 2)
        here.now += timedelta(seconds=10)
    return here


async def test_a_node_that_is_being_deleted_is_no_incident_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A finalizer may keep it for long, as an autoscaler's does until the machine is gone."""
    going = node("node-1", ready=False, ready_since=ago(120), deleting=True)
    stuck = pod("front-0", SET, ready=False, ready_since=ago(115))
    here = await seen(monkeypatch, going, FRONT, stuck)
    assert len(here.store.remediations) == 0


async def test_a_node_that_is_not_ready_while_its_pods_are_is_not_opened_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its kubelet still answers, so what runs there is ready."""
    here = await seen(
        monkeypatch, LOST, deployment(), pod("front-0", SET), pod("front-1", SET, node="node-2")
    )
    assert len(here.store.remediations) == 0


async def test_a_lost_node_whose_pods_are_not_ready_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = pod("front-0", SET, ready=False, ready_since=ago(115))
    here = await seen(monkeypatch, LOST, FRONT, stuck)
    assert [each.spec.target.kind for each in here.store.remediations.values()] == ["Node"]
