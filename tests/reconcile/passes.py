"""The engine over workloads that are ill, a pass at a time."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.objects.meta import Meta
from planaria_operator.reconcile.engine import Engine
from tests import builders
from tests.reconcile.harness import RESTART, Script, World, policy_body

ILL: dict[str, Any] = {"ready_since": builders.ago(120), "started_at": builders.ago(900)}
"""Of a pod that was well for long and has not been ready for two minutes."""

FRONT = builders.deployment()
SET = builders.replica_set(FRONT)


def sick_pod(name: str = "front-0") -> Any:
    return builders.pod(name, SET, ready=False, **ILL)


def world(monkeypatch: pytest.MonkeyPatch, **spec: Any) -> tuple[World, Engine]:
    here = World(Script([RESTART]), monkeypatch, **spec)
    for view in (SET, sick_pod(), builders.node("node-1")):
        here.store.put(view)
    return here, Engine(here.parts)


async def passes(engine: Engine, here: World, count: int = 3) -> None:
    """A few passes, each with the steps that it starts run to their end."""
    for _ in range(count):
        await engine.tick(here.now)
        await asyncio.gather(*engine._running.values())


def stages(here: World) -> list[str]:
    return sorted(each.status.stage.value for each in here.store.remediations.values())


def add_policy_of_stock(here: World) -> None:
    """A second namespace with a policy of its own."""
    other = builders.policy("default", namespace="stock").model_copy(update={"uid": "uid-stock"})
    here.kube.put(policy_body(other))
    here.store.put_policy(other)


def moved(pod: Any, namespace: str) -> Any:
    meta: Meta = replace(pod.meta, namespace=namespace)
    return replace(pod, meta=meta)


def break_apps(here: World, count: int) -> None:
    """As many workloads, each with its one pod ill."""
    for number in range(count):
        workload = builders.deployment(f"app-{number}", ready=0, available=0)
        owned = builders.replica_set(workload, ready=0)
        for view in (workload, owned, builders.pod(f"app-{number}-0", owned, ready=False, **ILL)):
            here.store.put(view)
    here.store.put(builders.node("node-1"))


def break_stock(here: World) -> None:
    """A workload of the second namespace, its one pod ill."""
    theirs = builders.deployment("back", namespace="stock", ready=0, available=0)
    owned = moved(builders.replica_set(theirs, ready=0), "stock")
    for view in (theirs, owned, moved(builders.pod("back-0", owned, ready=False, **ILL), "stock")):
        here.store.put(view)
