"""What the probes look at: the parts of this process that can stop working while it still runs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from planaria_operator.kube.client import KubeClient
from planaria_operator.objects.meta import now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.engine import Engine
from planaria_operator.settings import Settings
from planaria_operator.telemetry.checks import Check, in_contact, synced, ticked
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
    _reconciling_since: datetime = field(default_factory=now)

    def attach(self, kube: KubeClient, store: ClusterStore, engine: Engine) -> None:
        self._kube, self._store, self._engine = kube, store, engine

    def reconciles(self) -> None:
        """From now on the loop has to come round."""
        self.synced, self._reconciling_since = True, now()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[int]:
        host, port = self.settings.listen_host, self.settings.listen_port
        async with serve(host, port, alive=self._alive, ready=self._ready) as chosen:
            log.info("probes and metrics are served", address=f"{host}:{chosen}")
            yield chosen

    def _alive(self) -> Sequence[Check]:
        """Only what a restart would mend. An API server that is away is not."""
        if not self.synced or self._engine is None:
            return []
        return [ticked(self._engine.ticked, self._reconciling_since, now())]

    def _ready(self) -> Sequence[Check]:
        signs = (
            self._kube.last_success if self._kube else None,
            self._store.last_event if self._store else None,
        )
        return [*self._alive(), synced(self.synced), in_contact(*signs, now=now())]
