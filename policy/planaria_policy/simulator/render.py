"""One simulated incident in the words of the contract, as the operator would hand it to the policy service."""

from datetime import UTC, datetime, timedelta
from typing import Final

from planaria_contract import (
    Action,
    Consultation,
    DependencyFact,
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
    Wait,
    WorkloadFact,
)
from planaria_contract.actions import Parameters
from planaria_policy.simulator.masks import AT, affected_on
from planaria_policy.simulator.observe import ready_count
from planaria_policy.simulator.world import World
from planaria_policy.spaces.choices import CATEGORIES, MOST_WAITS, SCALES, SCOPES, SIZES
from planaria_policy.spaces.sights import FAULTS, SYMPTOMS

NOW: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEW, OLD = "revision-2", "revision-1"
LIMIT: Final = 2**30


def render(world: World) -> Consultation:
    """`world` must have one row."""
    if world.size != 1:
        raise ValueError(f"world: {world.size} rows; pick one first")
    return Consultation(
        observation=_observation(world),
        state=_state(world),
        masks=_masks(world),
        tried=_tried(world),
        attempts_left=max(0, int(world.attempts_left[0])),
    )


def _state(world: World) -> SemanticState:
    second = int(world.second[0])
    return SemanticState(
        fault=FAULTS[int(world.read[0])],
        secondary=FAULTS[second] if second >= 0 else None,
        component="shop",
        severity=int(world.severity[0]),
        confidence=float(world.confidence[0]),
        novelty=float(world.novelty[0]),
        summary="simulated",
        source=Source.ENCODER,
        model=ModelVersion(id="simulator", version="1"),
    )


def _observation(world: World) -> Observation:
    is_node = bool(world.is_node[0])
    clock = float(world.clock[0])
    node = ObjectRef(kind="Node", name=f"node-{int(world.fault_node[0, 0])}")
    target = node if is_node else ObjectRef(kind="Deployment", name="shop")
    pods = _pods(world)
    return Observation(
        incident="simulated",
        time=NOW,
        target=target,
        symptoms=tuple(
            Symptom(kind=kind, subject=target, since=NOW - timedelta(seconds=clock))
            for kind, seen in zip(SYMPTOMS, world.symptoms[0].tolist(), strict=True)
            if seen
        ),
        metrics=() if is_node else _metrics(world, pods),
        pods=pods,
        workload=None if is_node else _workload(world),
        dependencies=() if is_node else _dependencies(world),
        nodes=_nodes(world),
    )


def _pods(world: World) -> tuple[PodFact, ...]:
    affected = affected_on(world)[0].tolist()
    rolling, old_affected = bool(world.rolling[0]), bool(world.old_affected[0])
    found = []
    for node, count in enumerate(world.pods[0].tolist()):
        listed = affected[node] if bool(world.is_node[0]) else max(count, affected[node])
        for number in range(listed):
            hit = number < affected[node]
            old = rolling and (old_affected if hit else bool(world.old_fine[0]))
            found.append(
                PodFact(
                    name=f"shop-{node}-{number}",
                    uid=f"{node}-{number}",
                    node=f"node-{node}",
                    ready=not hit,
                    affected=hit,
                    restarts=int(world.restarts[0]),
                    revision=OLD if old else NEW,
                    memory_limit_bytes=LIMIT if bool(world.limited[0]) else None,
                    movable=bool(world.movable[0]),
                )
            )
    return tuple(found)


def _metrics(world: World, pods: tuple[PodFact, ...]) -> tuple[MetricSeries, ...]:
    if not bool(world.measured[0]):
        return ()
    found = []
    for pod in pods:
        memory = float((world.memory if pod.affected else world.siblings)[0])
        for name, share in (("memory_bytes", memory), ("cpu_millicores", float(world.cpu[0]))):
            found.append(
                MetricSeries(
                    name=name, subject=f"{pod.name}/app", unit="", values=(share * LIMIT,), limit=LIMIT
                )
            )
    return tuple(found)


def _workload(world: World) -> WorkloadFact:
    return WorkloadFact(
        ref=ObjectRef(kind="Deployment", name="shop"),
        desired=int(world.total[0]),
        ready=int(ready_count(world)),
        revision=NEW,
        previous_revision=OLD if bool(world.previous[0]) else None,
        rollout_in_progress=bool(world.rolling[0]),
        revision_age_seconds=int(world.revision_age[0] + world.clock[0]),
        healed_revision=bool(world.healed[0]),
        autoscaled_by="shop-hpa" if bool(world.autoscaled[0]) else None,
    )


def _dependencies(world: World) -> tuple[DependencyFact, ...]:
    if not bool(world.broken[0]):
        return ()
    desired = 0 if bool(world.at_zero[0]) else 2
    behind = WorkloadFact(ref=ObjectRef(kind="Deployment", name="catalog"), desired=desired, ready=0)
    return (DependencyFact(service="catalog", ready_endpoints=0, workload=behind),)


def _nodes(world: World) -> tuple[NodeFact, ...]:
    columns = (world.node_exists, world.node_ready, world.node_open, world.node_pressure)
    rows = zip(*(column[0].tolist() for column in columns), strict=True)
    return tuple(
        NodeFact(
            name=f"node-{number}",
            ready=ready,
            schedulable=is_open,
            pressure=("MemoryPressure",) if pressure else (),
        )
        for number, (exists, ready, is_open, pressure) in enumerate(rows)
        if exists
    )


def _masks(world: World) -> tuple[Mask, ...]:
    """What the policy object does not allow, and limits that are not there; the rest follows from the facts."""
    allowed = dict(zip(CATEGORIES, world.allowed[0].tolist(), strict=True))
    allowed[Action.RESIZE] &= bool(world.limited[0])
    allowed[Action.NONE] &= int(world.tried[0, AT[Action.NONE]]) < MOST_WAITS
    return tuple(
        Mask(category=category, reason="NotAllowedByPolicy") for category, may in allowed.items() if not may
    )


def _tried(world: World) -> tuple[Parameters, ...]:
    """Waits stand at the end, as in the operator's records, which keep only their number."""
    count = {category: int(world.tried[0, at]) for category, at in AT.items()}
    scopes, scales, sizes = world.done[0].split([len(SCOPES), len(SCALES), len(SIZES)])
    done: list[Parameters] = [Restart(scope=scope) for scope, did in zip(SCOPES, scopes, strict=True) if did]
    done += [Scale(ratio=ratio) for (_, ratio), did in zip(SCALES, scales, strict=True) if did]
    done += [
        Resize.model_validate({"resource": name, "ratio": ratio})
        for (name, ratio), did in zip(SIZES, sizes, strict=True)
        if did
    ]
    done += [Migrate()] * count[Action.MIGRATE] + [Rollback()] * count[Action.ROLLBACK]
    done += [Isolate(node="node-0")] * count[Action.ISOLATE] + [Reload()] * count[Action.RELOAD]
    last = CATEGORIES[int(world.last[0])] if int(world.last[0]) >= 0 else None
    done.sort(key=lambda parameters: parameters.category is last)
    return (*done, *[Wait()] * count[Action.NONE])
