"""What is seen of the town from outside while the operator works in it: health, records, and what the operator costs."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from bench.town import IDLE_SHARE, Town
from planaria_scenarios.api import Body
from planaria_scenarios.errors import ApiError
from planaria_scenarios.records import seconds

EVERY: Final = 2.0
METRIC: Final = re.compile(r"^(\w+)(?:\{[^}]*\})? ([-+.e\d]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Health:
    at: float
    healthy: int
    total: int


@dataclass(frozen=True)
class Use:
    """Of the operator's process, at one moment."""

    at: float
    cpu_seconds: float
    mib: float
    lag_seconds: float
    calls: float = 0
    """To the API server, since it began."""


@dataclass(frozen=True)
class Cost:
    """Over a time."""

    seconds: float
    cpu_seconds_a_minute: float
    mib: float
    """The most."""
    lag_seconds: float
    """The longest time that its loop was kept from running; on a busy machine mostly by others."""
    calls: float = 0
    """To the API server."""


class Record:
    """One Remediation, and all that it ever said."""

    def __init__(self, body: Body) -> None:
        self.name = str(body["metadata"]["name"])
        self.target = f"{body['spec']['target']['kind']}/{body['spec']['target']['name']}"
        self.created = seconds(body["metadata"]["creationTimestamp"])
        self.visible = seconds(body["spec"]["visibleAt"])
        self.said: set[str] = set()
        self.reasons: set[str] = set()
        self.stage = ""
        self.decided = False
        """Once; what is held back is read again and again after that."""
        self.actions: tuple[str, ...] = ()

    def take(self, body: Body) -> None:
        status: dict[str, Any] = body.get("status") or {}
        self.stage = status.get("stage", "")
        self.decided = self.decided or self.stage in {"Blocked", "Waiting", "Escalated"}
        self.actions = tuple(each["plan"]["action"] for each in status.get("attempts") or [])
        for each in (*(status.get("conditions") or []), *(status.get("timeline") or [])):
            self.said.add(each["message"])
            self.reasons.add(each["reason"])

    @property
    def closed(self) -> bool:
        return self.stage == "Finished"

    def names(self, *words: str) -> bool:
        return any(word in text for word in words for text in self.said)


class Watch:
    def __init__(self, town: Town, address: str) -> None:
        self.health: list[Health] = []
        self.use: list[Use] = []
        self.records: dict[str, Record] = {}
        self.storm = False
        self._town, self._address = town, address

    async def run(self) -> None:
        """For ever."""
        async with aiohttp.ClientSession() as session:
            while True:
                began = time.monotonic()
                with suppress(ApiError):
                    await self._look()
                took = time.monotonic() - began
                with suppress(aiohttp.ClientError, TimeoutError):
                    self.use.append(await _use(session, self._address))
                await asyncio.sleep(max(EVERY, IDLE_SHARE * took))

    async def _look(self) -> None:
        began = time.time()
        found = await self._town.workloads()
        self.health.append(Health(began, sum(found.values()), len(found)))
        bodies, _ = await self._town.api.list("Remediation", self._town.namespace)
        for body in bodies:
            record = self.records.setdefault(body["metadata"]["name"], Record(body))
            record.take(body)
        policies, _ = await self._town.api.list("HealingPolicy", self._town.namespace)
        self.storm = any((body.get("status") or {}).get("storm") for body in policies)

    def since(self, began: float) -> list[Record]:
        """Those that were opened from `began` on."""
        return [record for record in self.records.values() if record.created >= int(began)]

    def before(self, moment: float) -> Health | None:
        """The last look at the town before a moment."""
        return max((each for each in self.health if each.at < moment), key=lambda each: each.at, default=None)

    def cost(self, began: float, ended: float) -> Cost:
        found = [each for each in self.use if began <= each.at <= ended]
        if len(found) < 2:
            return Cost(0, 0, 0, 0)
        length = found[-1].at - found[0].at
        spent = found[-1].cpu_seconds - found[0].cpu_seconds
        most = max(each.mib for each in found)
        calls = found[-1].calls - found[0].calls
        return Cost(length, 60 * spent / length, most, max(each.lag_seconds for each in found), calls)


@asynccontextmanager
async def watching(town: Town, address: str) -> AsyncIterator[Watch]:
    watch = Watch(town, address)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _use(session: aiohttp.ClientSession, address: str) -> Use:
    async with session.get(f"{address}/metrics", timeout=aiohttp.ClientTimeout(total=10)) as answer:
        text = await answer.text()
    found: dict[str, float] = {}
    for name, value in METRIC.findall(text):
        found[name] = found.get(name, 0.0) + float(value)
    return Use(
        at=time.time(),
        cpu_seconds=found["process_cpu_seconds_total"],
        mib=found["process_resident_memory_bytes"] / 2**20,
        lag_seconds=found["planaria_loop_lag_seconds"],
        calls=found["planaria_api_calls_total"],
    )
