"""Puts the stations together, runs them in one event loop, and ends them in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from planaria_operator.act.actor import Actor
from planaria_operator.act.planner import Planner
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.runbook import Runbook
from planaria_operator.evidence.collector import Collector
from planaria_operator.evidence.prometheus import Prometheus
from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import KubeError
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.case import Parts
from planaria_operator.reconcile.engine import Engine
from planaria_operator.reconcile.journal import Journal
from planaria_operator.reconcile.records import Records
from planaria_operator.record.events import Recorder
from planaria_operator.semantics.rules import RulesExtractor
from planaria_operator.settings import Settings
from planaria_operator.telemetry.logs import configure

log = structlog.get_logger("planaria.app")

LONGEST_PAUSE = 30.0
"""Seconds between two tries to reach what is needed to start."""

T = TypeVar("T")


async def run_until_stopped(settings: Settings, journal: Journal | None = None) -> int:
    """Run until SIGTERM or SIGINT; the process' exit status. `journal` is told every station that is passed."""
    configure(settings.log_format, settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    raise NotImplementedError(journal)


async def patiently(what: str, attempt: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
    """Try until it works, saying why it does not whenever that changes. None where it was stopped first."""
    pause, said = 1.0, ""
    while not stop.is_set():
        try:
            return await attempt()
        except KubeError as error:
            if str(error) != said:
                said = str(error)
                log.warning(f"waiting: cannot {what}", error=said)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    return None
