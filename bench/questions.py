"""Questions as the operator asks them: incidents of every shape and size, some of them odd, drawn from a seed.

The simulator's own would need torch, and know only what it simulates. Here any fault may be read from any facts, and anything may be
masked or have been tried: a policy must answer all of them fast, and never outside its masks.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from planaria_contract import (
    Action,
    Consultation,
    DependencyFact,
    EventFact,
    Fault,
    Isolate,
    Mask,
    MetricSeries,
    Migrate,
    ModelVersion,
    NodeFact,
    ObjectRef,
    Observation,
    PodFact,
    Reload,
    Resize,
    Restart,
    Rollback,
    Scale,
    SemanticState,
    Source,
    Symptom,
    SymptomKind,
    Wait,
    WorkloadFact,
)
from planaria_contract.actions import Parameters

NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
POINTS: Final = 20
"""Of each series, as the operator sends them."""
TIMES: Final = tuple(NOW - timedelta(seconds=15 * number) for number in reversed(range(POINTS)))
MODEL: Final = ModelVersion(id="encoder", version="1")
FAULTS: Final = tuple(Fault)
SYMPTOMS: Final = tuple(SymptomKind)
ACTIONS: Final = tuple(Action)
LIMIT: Final = float(2**28)
TRIED: Final[tuple[Parameters, ...]] = (
    *(Wait(wait_seconds=seconds) for seconds in (30, 60, 180)),
    Restart(scope="pod", pods=("web-0",)),
    Restart(scope="workload"),
    *(Scale(ratio=ratio) for ratio in (0.5, 1.0, 1.5, 2.0)),
    *(Resize(resource=what, ratio=ratio) for what in ("cpu", "memory", "both") for ratio in (1.5, 2.0, 3.0)),
    Migrate(pods=("web-0",), node="node-1"),
    Isolate(node="node-0", drain=True),
    Rollback(),
    Reload(pods=("web-0",)),
)

Draws = np.random.Generator


def question(draws: Draws) -> Consultation:
    return about(observation(draws), draws)


def about(seen: Observation, draws: Draws) -> Consultation:
    """What was seen, with a reading, masks and a history of its own."""
    return Consultation(
        incident=f"incident-{draws.integers(10**9)}",
        age_seconds=float(draws.exponential(300)) if draws.random() < 0.9 else None,
        observation=seen,
        state=_state(draws),
        masks=_masks(draws),
        tried=tuple(TRIED[at] for at in draws.integers(len(TRIED), size=_few(draws, 4))),
        attempts_left=int(draws.integers(6)),
    )


def observation(draws: Draws) -> Observation:
    nodes = _nodes(draws)
    pods = _pods(draws, nodes)
    of_node = draws.random() < 0.1
    target = ObjectRef(kind="Node", name="node-0") if of_node else _ref("web")
    return Observation(
        incident=f"web-{draws.integers(10**9)}",
        time=NOW,
        target=target,
        symptoms=_symptoms(draws, target),
        metrics=() if draws.random() < 0.1 else _metrics(draws, pods),
        events=_events(draws, pods),
        pods=pods,
        workload=None if of_node else _workload(draws, len(pods)),
        dependencies=_dependencies(draws),
        nodes=nodes,
    )


def _few(draws: Draws, most: int) -> int:
    """0 half of the time."""
    return int(draws.integers(1, most + 1)) if draws.random() < 0.5 else 0


def _ref(name: str) -> ObjectRef:
    return ObjectRef(kind="Deployment", name=name, namespace="shop", uid=f"0b5c1d6e-{name}")


def _state(draws: Draws) -> SemanticState:
    first, second = draws.choice(len(FAULTS), 2, replace=False)
    return SemanticState(
        fault=FAULTS[first],
        secondary=FAULTS[second] if draws.random() < 0.3 else None,
        component="Deployment/web",
        severity=int(draws.integers(4)),
        confidence=float(draws.random()),
        novelty=float(draws.random()),
        summary="The first container of two pods ended with an error and is started again and again.",
        source=Source.ENCODER,
        model=MODEL,
    )


def _masks(draws: Draws) -> tuple[Mask, ...]:
    chosen = draws.choice(len(ACTIONS), _few(draws, len(ACTIONS)), replace=False)
    return tuple(
        Mask(category=ACTIONS[at], reason="NotAllowedByPolicy", message="spec.actions does not list it")
        for at in chosen
    )


def _symptoms(draws: Draws, target: ObjectRef) -> tuple[Symptom, ...]:
    kinds = draws.choice(len(SYMPTOMS), draws.integers(1, 4), replace=False)
    return tuple(
        Symptom(
            kind=SYMPTOMS[at],
            subject=target,
            since=NOW - timedelta(seconds=float(draws.exponential(200))),
            message="back-off 40s restarting failed container=app pod=web-7d4b9c6f5-x2x8k",
        )
        for at in kinds
    )


def _nodes(draws: Draws) -> tuple[NodeFact, ...]:
    return tuple(
        NodeFact(
            name=f"node-{number}",
            ready=bool(draws.random() < 0.85),
            schedulable=bool(draws.random() < 0.85),
            pressure=("MemoryPressure",) if draws.random() < 0.1 else (),
        )
        for number in range(int(draws.integers(0, 9)))
    )


def _pods(draws: Draws, nodes: Sequence[NodeFact]) -> tuple[PodFact, ...]:
    ill = draws.random()
    return tuple(_pod(draws, number, nodes, ill) for number in range(int(draws.integers(0, 13))))


def _pod(draws: Draws, number: int, nodes: Sequence[NodeFact], ill: float) -> PodFact:
    affected = bool(draws.random() < ill)
    placed = nodes and draws.random() < 0.9
    return PodFact(
        name=f"web-{number}",
        uid=f"5e1a7c90-{number}",
        node=nodes[int(draws.integers(len(nodes)))].name if placed else None,
        ready=not affected,
        affected=affected,
        restarts=int(draws.integers(20)) if affected else 0,
        revision=f"7d4b9c6f5{draws.integers(2)}",
        memory_limit_bytes=int(LIMIT),
        cpu_limit_millicores=500,
        movable=bool(draws.random() < 0.9),
    )


def _metrics(draws: Draws, pods: Sequence[PodFact]) -> tuple[MetricSeries, ...]:
    return tuple(
        MetricSeries(
            name=name,
            subject=f"{pod.name}/app",
            unit=unit,
            values=tuple((draws.random(POINTS) * limit).tolist()),
            times=TIMES,
            limit=limit,
        )
        for pod in pods
        for name, unit, limit in (("memory_bytes", "bytes", LIMIT), ("cpu_millicores", "millicores", 500.0))
    )


def _events(draws: Draws, pods: Sequence[PodFact]) -> tuple[EventFact, ...]:
    return tuple(
        EventFact(
            reason="BackOff",
            message=f"Back-off restarting failed container app in pod {pod.name}_shop",
            subject=ObjectRef(kind="Pod", name=pod.name, namespace="shop"),
            count=int(draws.integers(1, 50)),
            last_seen=NOW,
        )
        for pod in pods[:4]
        if pod.affected
    )


def _workload(draws: Draws, pods: int, name: str = "web", **fields: Any) -> WorkloadFact:
    return WorkloadFact(
        ref=_ref(name),
        desired=fields.get("desired", max(1, pods)),
        ready=int(draws.integers(pods + 1)),
        revision="7d4b9c6f51",
        previous_revision="7d4b9c6f50" if draws.random() < 0.6 else None,
        rollout_in_progress=bool(draws.random() < 0.2),
        revision_age_seconds=int(draws.exponential(20_000)),
        healed_revision=bool(draws.random() < 0.1),
        autoscaled_by="web" if draws.random() < 0.2 else None,
        last_known_replicas=2,
    )


def _dependencies(draws: Draws) -> tuple[DependencyFact, ...]:
    return tuple(_dependency(draws, f"store-{number}") for number in range(_few(draws, 3)))


def _dependency(draws: Draws, name: str) -> DependencyFact:
    desired = int(draws.integers(3))
    known = _workload(draws, desired, name, desired=desired) if draws.random() < 0.8 else None
    return DependencyFact(service=name, ready_endpoints=int(draws.integers(desired + 1)), workload=known)
