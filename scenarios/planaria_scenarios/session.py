"""Many scenarios on one cluster: those that can share it together, the others alone, one operator for all."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from planaria_cluster import Provider
from planaria_scenarios.api import Api, connect
from planaria_scenarios.catalogue import Entry
from planaria_scenarios.environment import new_namespace
from planaria_scenarios.errors import ApiError
from planaria_scenarios.nodes import ClusterNodes
from planaria_scenarios.operator_process import running
from planaria_scenarios.progress import Listener, silent
from planaria_scenarios.records import Record
from planaria_scenarios.result import Result
from planaria_scenarios.runner import Stage, run

Operator = Literal["on", "off", "external"]


@dataclass(frozen=True)
class Session:
    """How scenarios are played."""

    kubeconfig: Path
    cluster: Provider
    operator: Operator = "on"
    """`external`: one that the user started watches; it is neither started nor stopped."""
    options: tuple[str, ...] = ()
    """Further options of the operator that is started, such as which extractor reads."""
    log: Path = field(default_factory=lambda: Path("results") / "operator.log")
    at_once: int = 16
    """How many scenarios share the cluster at a time."""
    listener: Listener = silent
    enough: Callable[[tuple[Record, ...]], bool] | None = None
    """See `Stage`."""


async def play(entries: Sequence[Entry], session: Session) -> list[Result]:
    """Play all of `entries` and return a result for each, in their order. Raises ScenarioError for what is around them."""
    names = {entry.name: f"scn-{entry.name}-{secrets.token_hex(2)}" for entry in entries}
    async with connect(session.kubeconfig) as api, _namespaces(api, list(names.values())):
        nodes = ClusterNodes(session.cluster)
        stage = Stage(api, nodes, operator=session.operator != "off", enough=session.enough)
        async with _operator(api, session, list(names.values())):
            results = await _shared(entries, names, stage, session)
            for entry in entries:
                if entry.scenario.exclusive:
                    results[entry.name] = await run(entry, names[entry.name], stage, session.listener)
    return [results[entry.name] for entry in entries]


async def _shared(
    entries: Sequence[Entry], names: dict[str, str], stage: Stage, session: Session
) -> dict[str, Result]:
    turn = asyncio.Semaphore(session.at_once)

    async def one(entry: Entry) -> Result:
        async with turn:
            return await run(entry, names[entry.name], stage, session.listener)

    shared = [entry for entry in entries if not entry.scenario.exclusive]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(entry)) for entry in shared]
    return {entry.name: task.result() for entry, task in zip(shared, tasks, strict=True)}


@asynccontextmanager
async def _namespaces(api: Api, names: Sequence[str]) -> AsyncIterator[None]:
    """Made before the operator starts, which watches exactly these; gone afterwards whatever happens."""
    try:
        for name in names:
            await new_namespace(api, name)
        yield
    finally:
        for name in names:
            with suppress(ApiError):
                await api.delete("Namespace", "", name)


@asynccontextmanager
async def _operator(api: Api, session: Session, namespaces: Sequence[str]) -> AsyncIterator[None]:
    if session.operator != "on":
        yield
        return
    session.log.unlink(missing_ok=True)
    async with running(api, session.kubeconfig, namespaces, session.log, session.options):
        yield
