"""What the probes look at: the parts of this process that can stop working while it still runs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from planaria_operator.kube.client import KubeClient
from planaria_operator.lead.elector import Elector
from planaria_operator.objects.meta import now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.engine import Engine
from planaria_operator.settings import Settings
from planaria_operator.telemetry.checks import Check, in_contact, in_turn, synced, ticked
from planaria_operator.telemetry.server import serve

log = structlog.get_logger("planaria.app")


@dataclass(slots=True)
class Probes:
    """Answers from the first moment on; before the parts exist, readiness says what is missing."""

    settings: Settings
    synced: bool = False
    """Set once the store holds everything, taken back while it may not."""
    _kube: KubeClient | None = None
    _store: ClusterStore | None = None
    _engine: Engine | None = None
    _lead: Elector | None = None
    _reconciling_since: datetime | None = None

    def attach(self, kube: KubeClient, store: ClusterStore, engine: Engine, lead: Elector | None) -> None:
        self._kube, self._store, self._engine, self._lead = kube, store, engine, lead

    def reconciles(self) -> None:
        """From now on the loop has to come round. An operator that waits for the lead has none."""
        self._reconciling_since = now()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[int]:
        host, port = self.settings.listen_host, self.settings.listen_port
        async with serve(host, port, alive=self._alive, ready=self._ready) as chosen:
            log.info("probes and metrics are served", address=f"{host}:{chosen}")
            yield chosen

    def _alive(self) -> Sequence[Check]:
        """Only what a restart would mend. An API server that is away is not."""
        if not self.synced or self._engine is None or self._reconciling_since is None:
            return []
        return [ticked(self._engine.ticked, self._reconciling_since, now())]

    def _ready(self) -> Sequence[Check]:
        signs = (
            self._kube.last_success if self._kube else None,
            self._store.last_event if self._store else None,
        )
        checks = [*self._alive(), synced(self.synced), in_contact(*signs, now=now())]
        return [*checks, in_turn(self._lead.holder, leading=self._lead.leading)] if self._lead else checks
