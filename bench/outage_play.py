"""One outage from a field of healthy workloads to the count of what was done."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.outage_cases import Case, World
from bench.outage_field import Ending, Field
from bench.outage_operators import two
from bench.outage_service import Service
from bench.postgres import Server
from planaria_cluster import Provider
from planaria_scenarios.api import connect
from planaria_scenarios.deciding import operator_options
from planaria_scenarios.errors import ApiError, EnvironmentalError

OPEN_SECONDS: Final = 90.0
FINISHED_SECONDS: Final = 180.0
WELL_SECONDS: Final = 90.0


@dataclass(frozen=True)
class Outcome:
    name: str
    title: str
    away_seconds: float
    told: str
    """What a probe, a condition or a log line said of it; empty where nothing did."""
    told_after: float | None
    endings: list[Ending]
    well_after: float | None
    """From its being back until that was said."""
    exits: list[int]
    """The status of every operator process that ended by itself."""
    tracebacks: int

    @property
    def slowest(self) -> float:
        """Seconds from breaking to healed, of the incident that the outage held up longest."""
        return max(ending.seconds for ending in self.endings)

    @property
    def once(self) -> int:
        """Incidents that ended in exactly one action."""
        return sum(ending.exactly_once for ending in self.endings)


async def play(case: Case, cluster: Provider, kubeconfig: Path, folder: Path) -> Outcome:
    """Raises ScenarioError where there is nothing to measure on, FileNotFoundError without PostgreSQL."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with _world(case, cluster, kubeconfig, folder) as world:
        return await _played(case, world)


@asynccontextmanager
async def _world(case: Case, cluster: Provider, kubeconfig: Path, folder: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        database = await asyncio.to_thread(Server, "fsync=off") if case.database else None
        if database:
            stack.push_async_callback(asyncio.to_thread, database.stop)
        service = None
        if case.service:
            memory = database.database("memory") if database else ""
            service = Service(memory, folder / "service.log")
            stack.push_async_callback(service.stop)
            await service.start()
        field = Field(await stack.enter_async_context(connect(kubeconfig)))
        stack.push_async_callback(field.remove)
        await field.make()
        options = operator_options(service.address) if service else ()
        pair = two(kubeconfig, field.namespaces, field.own_namespace, folder, options)
        leader, standby = await stack.enter_async_context(pair)
        yield World(cluster, field, leader, standby, service, database)


async def _played(case: Case, world: World) -> Outcome:
    field = world.field
    await field.breaks("before")
    if not await field.until("before", "Acting", "Verifying", seconds=OPEN_SECONDS):
        raise EnvironmentalError(f"{case.name}: no action was under way after {OPEN_SECONDS:.0f} s")
    await field.breaks("within")
    gone = time.time()
    listening = asyncio.create_task(_first(lambda: case.told(world)))
    try:
        await case.take(world)
        if case.writable:
            await field.breaks("meanwhile")
        await asyncio.sleep(max(0.0, gone + case.seconds - time.time()))
        await case.give(world)
        back = time.time()
        await _patiently(lambda: field.breaks("after"))
        for place in field.broken:
            await field.until(place, "Finished", seconds=FINISHED_SECONDS)
        well = await _until(lambda: case.well(world), WELL_SECONDS)
        said, told = listening.result() if listening.done() else (0.0, "")
    finally:
        listening.cancel()
    endings = [await field.ending(place) for place in field.broken]
    operators = (world.leader, world.standby)
    return Outcome(
        name=case.name,
        title=case.title,
        away_seconds=back - gone,
        told=told,
        told_after=said - gone if told else None,
        endings=endings,
        well_after=well and well - back,
        exits=[status for each in operators for status in each.ended],
        tracebacks=sum(each.tracebacks() for each in operators),
    )


async def _first(ask: Callable[[], Awaitable[str]]) -> tuple[float, str]:
    """When something was first said, and what."""
    while True:
        if said := await ask():
            return time.time(), said
        await asyncio.sleep(0.2)


async def _until(ask: Callable[[], Awaitable[bool]], seconds: float) -> float | None:
    deadline = time.monotonic() + seconds
    while not await ask():
        if time.monotonic() > deadline:
            return None
        await asyncio.sleep(0.2)
    return time.time()


async def _patiently(attempt: Callable[[], Awaitable[None]]) -> None:
    """An API server that has just come back may refuse the first words."""
    for _ in range(20):
        try:
            return await attempt()
        except ApiError:
            await asyncio.sleep(0.5)
    return await attempt()
