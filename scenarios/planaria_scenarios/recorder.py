"""Feeding a History from the API server: one list and one watch per kind."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from planaria_scenarios.api import Api
from planaria_scenarios.errors import ApiError
from planaria_scenarios.history import WORKLOADS, History

KINDS = ("Pod", "Node", *WORKLOADS)


class Recorder:
    def __init__(self, api: Api, namespace: str, *, records: bool) -> None:
        self.history = History()
        self.changed = asyncio.Event()
        self._api = api
        self._namespace = namespace
        self._kinds = (*KINDS, "Remediation") if records else KINDS

    async def wait(self, seconds: float) -> None:
        """Return at the next change, or after `seconds` at the latest."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), seconds)
        self.changed.clear()

    async def prime(self) -> None:
        """The world as it is now. Raises ApiError."""
        for kind in self._kinds:
            await self._relist(kind)

    async def follow(self, kind: str) -> None:
        """Never returns; an interrupted watch is taken up again with a new list."""
        while True:
            try:
                version = await self._relist(kind)
                async for change, body in self._api.watch(kind, self._scope(kind), version):
                    if change != "BOOKMARK":
                        self._take(change, kind, body)
            except ApiError:
                await asyncio.sleep(1)

    def _scope(self, kind: str) -> str:
        return "" if kind == "Node" else self._namespace

    async def _relist(self, kind: str) -> str:
        bodies, version = await self._api.list(kind, self._scope(kind))
        present = {body["metadata"]["name"] for body in bodies}
        for known, name in list(self.history.objects):
            if known == kind and name not in present:
                self._take("DELETED", kind, self.history.objects[known, name])
        for body in bodies:
            self._take("MODIFIED", kind, body)
        return version

    def _take(self, change: str, kind: str, body: dict[str, object]) -> None:
        self.history.ingest(change, kind, body, time.time())
        self.changed.set()

    @classmethod
    @asynccontextmanager
    async def running(cls, api: Api, namespace: str, *, records: bool) -> AsyncIterator["Recorder"]:
        """A recorder that has seen the present and follows what comes."""
        recorder = cls(api, namespace, records=records)
        await recorder.prime()
        tasks = [asyncio.create_task(recorder.follow(kind)) for kind in recorder._kinds]
        try:
            yield recorder
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
