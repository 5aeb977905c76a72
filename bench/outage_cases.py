"""What is taken away, for how long, who has to say so, and when all is well again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bench.outage_field import Field
from bench.outage_operators import Operator
from bench.outage_service import Service
from bench.postgres import Server
from planaria_cluster import Provider


@dataclass
class World:
    """`service` and `database` only where a case is about them."""

    cluster: Provider
    field: Field
    leader: Operator
    standby: Operator
    service: Service | None = None
    database: Server | None = None

    @property
    def asked(self) -> Service:
        assert self.service is not None
        return self.service

    @property
    def remembering(self) -> Server:
        assert self.database is not None
        return self.database


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    seconds: float
    """How long it is away."""
    take: Callable[[World], Awaitable[None]]
    give: Callable[[World], Awaitable[None]]
    told: Callable[[World], Awaitable[str]]
    """What is said of it, by a probe, a condition or a log line; empty as long as nothing is."""
    well: Callable[[World], Awaitable[bool]]
    """Whether they say that it is back."""
    writable: bool = True
    """Whether a workload can be changed while it is away."""
    service: bool = False
    database: bool = False


async def _cut(world: World) -> None:
    world.leader.relay.cut()


async def _mend(world: World) -> None:
    world.leader.relay.mend()


async def _succession(world: World) -> str:
    """Said once the one that is cut off has ended and the other leads."""
    if not world.leader.ended or not await world.standby.leads():
        return ""
    return f"the leader ended with status {world.leader.ended[0]}, the other one leads"


async def _unready(world: World) -> str:
    said = [await each.misses() for each in (world.leader, world.standby)]
    return next((f"/readyz: {text}" for text in said if text), "")


async def _unanswered(world: World) -> str:
    """Too short for a probe, which would take the operator out of service for nothing."""
    said = world.leader.said("no answer from") or world.standby.said("no answer from")
    return f"log: {said}" if said else ""


async def _both_ready(world: World) -> bool:
    return await world.leader.ready() and await world.standby.ready()


def _stops(part: str) -> Callable[[World], Awaitable[None]]:
    return lambda world: asyncio.to_thread(world.cluster.stop_part, part)


def _starts(part: str) -> Callable[[World], Awaitable[None]]:
    return lambda world: asyncio.to_thread(world.cluster.start_part, part)


async def _stop_service(world: World) -> None:
    await world.asked.stop()


async def _start_service(world: World) -> None:
    await world.asked.start()


async def _unadvised(world: World) -> str:
    status, reason = await world.field.condition("after", "PolicyServiceAvailable")
    lost = status == "False" and reason != "PolicyNotAsked"
    return f"PolicyServiceAvailable is False: {reason}" if lost else ""


async def _answers(world: World) -> bool:
    status, _ = await world.field.condition("after", "PolicyServiceAvailable")
    return status == "True" and await _both_ready(world)


async def _stop_database(world: World) -> None:
    await asyncio.to_thread(world.remembering.halt)


async def _start_database(world: World) -> None:
    await asyncio.to_thread(world.remembering.start)


async def _forgetful(world: World) -> str:
    trouble = await world.asked.trouble()
    return f"GET /v1/model: memory does not answer: {trouble}" if trouble else ""


async def _remembers(world: World) -> bool:
    """Every incident, also those that ended while it was away."""
    broken = len(world.field.broken)
    return not await world.asked.trouble() and await world.asked.remembered() == broken


CASES: Final = (
    Case("leader-cut", "The leader's network is cut", 30, _cut, _mend, _succession, _both_ready),
    Case(
        "api-server",
        "The API server is restarted",
        2,
        _stops("kube-apiserver"),
        _starts("kube-apiserver"),
        _unanswered,
        _both_ready,
        writable=False,
    ),
    Case(
        "etcd", "etcd is stopped", 30, _stops("etcd"), _starts("etcd"), _unready, _both_ready, writable=False
    ),
    Case(
        "policy-service",
        "The policy service is killed",
        15,
        _stop_service,
        _start_service,
        _unadvised,
        _answers,
        service=True,
    ),
    Case(
        "postgresql",
        "PostgreSQL, the memory of the policy service, is stopped",
        15,
        _stop_database,
        _start_database,
        _forgetful,
        _remembers,
        service=True,
        database=True,
    ),
)
