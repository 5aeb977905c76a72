"""Everything that plays: the engine with its real stations, a policy service, a model server, and a clock that is ours."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp

from planaria_observability.play.cluster import Cluster
from planaria_observability.play.policy_service import PolicyServer
from planaria_observability.play.script import MODEL_AWAY, POLICIES, POLICY_AWAY, apps, strokes
from planaria_operator.act.actor import Actor
from planaria_operator.act.planner import Planner
from planaria_operator.decide.choice import Choice
from planaria_operator.decide.service import PolicyService
from planaria_operator.evidence.collector import Collector
from planaria_operator.meaning import Meaning
from planaria_operator.reconcile.case import Parts
from planaria_operator.reconcile.engine import Engine
from planaria_operator.reconcile.journal import Journal
from planaria_operator.reconcile.policy_status import policy_service
from planaria_operator.reconcile.records import Records
from planaria_operator.record.events import Recorder
from planaria_operator.settings import Settings
from planaria_operator.telemetry import metrics
from planaria_operator.telemetry.loop_lag import watch_loop_lag
from planaria_semantics.settings import SemanticsSettings
from planaria_semantics.vllm.fake import CALM, Behaviour, FakeVllm

DEADLINE: Final = 0.25
"""For the policy service. Wider than the operator's own, for all of this shares one process."""
NONSENSE_AT: Final = 240.0
"""When a peer of another version asks the policy service something, so that refusing shows."""
WORDS: Final = {
    "out of memory": "memory_exhaustion",
    "not set": "bad_configuration",
    "not found": "image_pull",
    "deadlock": "hang_or_probe_failure",
    "panic": "application_crash",
    "x509": "auth_or_certificate",
    "refused": "dependency_unavailable",
}
"""What the model server goes by. A real model reads; this one only has to be asked, to answer and to be away."""


class Stage:
    def __init__(
        self, begin: datetime, server: PolicyServer, model: FakeVllm, meaning: Meaning, pause: float
    ) -> None:
        self.begin = self.now = begin
        found = apps()
        self.cluster = Cluster(begin, POLICIES, found)
        self._server, self._model, self._meaning = server, model, meaning
        self._strokes = strokes(found, pause)
        self._next = next(self._strokes)
        self._asked = False
        self._service = PolicyService(server.url, DEADLINE, clock=lambda: self.played)
        self.recorder = Recorder(self.cluster.kube)
        self.engine = Engine(self._parts())

    @property
    def played(self) -> float:
        """Seconds since the beginning, by the play's clock."""
        return (self.now - self.begin).total_seconds()

    def _parts(self) -> Parts:
        kube, store = self.cluster.kube, self.cluster.store
        return Parts(
            settings=Settings(tick_seconds=0.2),
            store=store,
            collector=Collector(kube, store),
            extractor=self._meaning.extractor,
            decider=Choice(self._service),
            planner=Planner(kube, store),
            actor=Actor(kube),
            records=Records(kube, store),
            recorder=self.recorder,
            journal=Journal(clock=lambda: self.played + time.monotonic()),
            clock=lambda: self.now,
        )

    async def move(self, seconds: float) -> None:
        """Let the world go on; the engine is not asked."""
        self.now += timedelta(seconds=seconds)
        while self._next.at <= self.played:
            if self._next.app.trouble is None:
                self.cluster.strike(self._next.app, self._next.trouble, self.now)
            self._next = next(self._strokes)
        if not self._asked and self.played >= NONSENSE_AT:
            self._asked = True
            await _ask_nonsense(self._server.url)
        await self._away()
        self.cluster.live(self.now)
        self.engine.known["SemanticsAvailable"] = self._meaning.known
        self.engine.known["PolicyServiceAvailable"] = known = policy_service(self._service)
        metrics.POLICY_AVAILABLE.set(known.available)

    async def pass_over(self) -> None:
        """One tick of the engine, with the steps that it starts run to their end."""
        await self.engine.tick(self.now)
        while running := list(self.engine._running.values()):  # noqa: SLF001  the play waits where a process would not
            await asyncio.gather(*running)

    async def _away(self) -> None:
        model_away = MODEL_AWAY[0] <= self.played < MODEL_AWAY[1]
        self._model.always = Behaviour(status=503) if model_away else Behaviour()
        policy_away = POLICY_AWAY[0] <= self.played < POLICY_AWAY[1]
        if policy_away and self._server.registry:
            await asyncio.to_thread(self._server.stop)
        elif not policy_away and self._server.registry is None:
            await asyncio.to_thread(self._server.start)

    async def aclose(self) -> None:
        await self._service.aclose()


@asynccontextmanager
async def staged(
    begin: datetime, *, port: int = 0, pause: float = 1.0
) -> AsyncIterator[tuple[Stage, PolicyServer]]:
    """`port`: of the policy service; `pause`: see `strokes`."""
    with TemporaryDirectory() as folder:
        server = PolicyServer(Path(folder) / "memory.db", port)
        await asyncio.to_thread(server.start)
        async with FakeVllm("played") as model:
            model.answer = _read
            meaning = await Meaning.assembled(
                SemanticsSettings(
                    extractor="hybrid", vllm_url=model.url, vllm_model="played", probe_seconds=1
                )
            )
            stage = Stage(begin, server, model, meaning, pause)
            background = [
                asyncio.create_task(meaning.extractor.watch()),
                asyncio.create_task(stage.recorder.run()),
                asyncio.create_task(watch_loop_lag()),
            ]
            try:
                yield stage, server
            finally:
                for task in background:
                    task.cancel()
                await asyncio.gather(*background, return_exceptions=True)
                await stage.aclose()
                await meaning.extractor.aclose()
                await asyncio.to_thread(server.stop)


def _read(question: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(question["messages"][-1])
    fault = next((fault for word, fault in WORDS.items() if word in text), "unknown")
    return {**CALM, "fault": fault, "severity": 2, "certainty": 90, "evidence": []}


async def _ask_nonsense(url: str) -> None:
    timeout = aiohttp.ClientTimeout(total=5)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{url}/v1/decide", data=b"{}"),
    ):
        pass
