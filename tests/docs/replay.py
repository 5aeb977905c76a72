"""The operator's own loop and the plugin over an API in memory, with a clock that the test moves. No part is replaced."""

import asyncio
import importlib
from datetime import datetime, timedelta
from typing import Final

from planaria_kubectl.arguments import parser
from planaria_kubectl.main import PLACES
from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.session import Session
from planaria_operator.act.actor import Actor
from planaria_operator.act.planner import Planner
from planaria_operator.decide.choice import Choice
from planaria_operator.evidence.collector import Collector
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.case import Parts
from planaria_operator.reconcile.engine import Engine
from planaria_operator.reconcile.journal import Journal
from planaria_operator.reconcile.records import Records
from planaria_operator.record.events import Recorder
from planaria_operator.settings import Settings
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import CUSTOM, PARSERS
from planaria_semantics.extractor import Extractor
from tests.docs.shop import rfc3339

SECOND: Final = timedelta(seconds=1)
COLUMNS: Final = 118
"""Of the terminal that the tutorial's output was printed on."""


class Replay:
    def __init__(self, bodies: list[JsonBody], extractor: Extractor, now: datetime) -> None:
        self.now = now
        self.kube = FakeKube()
        self.store = ClusterStore()
        self.feed = Feed(self.store)
        self.put(*bodies)
        self.engine = Engine(
            Parts(
                settings=Settings(),
                store=self.store,
                collector=Collector(self.kube, self.store, None),
                extractor=extractor,
                decider=Choice(None),
                planner=Planner(self.kube, self.store),
                actor=Actor(self.kube),
                records=Records(self.kube, self.store),
                recorder=Recorder(self.kube),
                journal=Journal(),
                clock=lambda: self.now,
            )
        )

    def put(self, *bodies: JsonBody) -> None:
        for body in bodies:
            self.kube.put(body)

    def remove(self, kind: str, name: str) -> None:
        body = self.kube.objects.pop((kind, "shop", name))
        self.feed.deliver(kind, "DELETED", body)

    async def go(self, seconds: int) -> None:
        """One pass a second, as the operator makes them, each to its end."""
        for _ in range(seconds):
            self.now += SECOND
            self._watch()
            await self.engine.tick(self.now)
            while self.engine._running:
                await asyncio.gather(*self.engine._running.values())
            self._watch()

    def _watch(self) -> None:
        for kind in (*PARSERS, *CUSTOM):
            for key, body in self.kube.objects.items():
                if key[0] == kind:
                    body["metadata"].setdefault("creationTimestamp", rfc3339(self.now))
                    self.feed.put(kind, body)

    async def plugin(self, *words: str) -> list[str]:
        given = parser().parse_args(words)
        command, view = (
            importlib.import_module(f"planaria_kubectl.{place}") for place in PLACES[given.command]
        )
        report = await command.run(Session(self.kube, self.kube, given.namespace, self.now), given)
        return rendered(view.render(report), terminal(COLUMNS, colours=False)).splitlines()
