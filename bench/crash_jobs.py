"""The incidents that an operator is killed over: scenarios of the catalogue, several at a time, each in a namespace of its own."""

import asyncio
import copy
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from planaria_scenarios.catalogue import Entry, find
from planaria_scenarios.environment import new_namespace
from planaria_scenarios.progress import Listener
from planaria_scenarios.result import Result
from planaria_scenarios.runner import Stage, run

QUICK: Final = "missing-image-rollout"
VARIED: Final = (
    QUICK,
    "hanging-replica",
    "bad-configuration-rollout",
    "dependency-scaled-to-zero",
    "memory-leak-one-replica",
    "memory-limit-too-low",
)
"""All that can share the cluster with others, and whose fault does not live on the machine's processors."""


@dataclass(frozen=True)
class Job:
    entry: Entry
    namespace: str

    @property
    def limit(self) -> int:
        """Actions that are right for it."""
        return self.entry.scenario.harm.max_actions


@dataclass(frozen=True)
class Played:
    job: Job
    result: Result


def quick(entry: Entry) -> Entry:
    """The same fault on one replica and nothing beside it, under a policy that waits for nothing."""
    bodies = [body for body in entry.workload if _ref(body) == entry.scenario.oracle.workload]
    workload = copy.deepcopy(bodies)
    for body in workload:
        body["spec"]["replicas"] = 1
    policy = copy.deepcopy(entry.policy)
    for body in policy:
        body["spec"]["triggers"]["waitingForSeconds"] = 0
        body["spec"]["verification"]["stableForSeconds"] = 3
    scenario = entry.scenario
    oracle = scenario.oracle.model_copy(update={"settle_seconds": 3})
    harm = scenario.harm.model_copy(update={"min_ready": min(1, scenario.harm.min_ready)})
    changed = scenario.model_copy(update={"oracle": oracle, "harm": harm, "warmup_seconds": 1})
    return replace(entry, scenario=changed, workload=tuple(workload), policy=tuple(policy))


def entries(*, varied: bool) -> list[Entry]:
    """What is played again and again, in turn."""
    return [
        quick(entry) if entry.name == QUICK else entry for entry in find(list(VARIED if varied else [QUICK]))
    ]


def aimed(stations: Sequence[str]) -> list[Job]:
    """One job for each station, in a namespace whose name says where the operator dies over it."""
    (entry,) = entries(varied=False)
    return [Job(entry, f"kill-{station}-{secrets.token_hex(2)}") for station in stations]


def endless(played: Sequence[Entry], wanted: Callable[[], bool]) -> Iterator[Job]:
    """Jobs for as long as they are wanted."""
    number = 0
    while wanted():
        entry = played[number % len(played)]
        yield Job(entry, f"crash-{entry.name[:24]}-{secrets.token_hex(3)}")
        number += 1


async def play(jobs: Iterator[Job], stage: Stage, at_once: int, listener: Listener) -> list[Played]:
    """Play all of them, `at_once` at a time; each lane takes its next job when it is free."""
    found: list[Played] = []

    async def lane() -> None:
        for job in jobs:
            await new_namespace(stage.api, job.namespace)
            found.append(Played(job, await run(job.entry, job.namespace, stage, listener)))

    async with asyncio.TaskGroup() as lanes:
        for _ in range(at_once):
            lanes.create_task(lane())
    return found


def _ref(body: dict[str, object]) -> str:
    metadata = body["metadata"]
    assert isinstance(metadata, dict)
    return f"{body['kind']}/{metadata['name']}"
