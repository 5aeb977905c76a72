"""Events that people see in `kubectl describe` and `kubectl get events`.

kopf's own poster writes a new Event for every call, without aggregation or limits; this one behaves like a controller of
Kubernetes itself: repeats count up in a series, and one object cannot flood the rest.
"""

import asyncio
import contextlib
import secrets
import socket
import time
from collections import OrderedDict
from typing import Final

import structlog

from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.errors import AlreadyExists, Forbidden, KubeError, NotFound, Temporary
from planaria_operator.kube.interface import Kube, PatchType
from planaria_operator.objects.meta import now
from planaria_operator.record.rates import RateLimiter
from planaria_operator.record.series import Message, Series, event_body, event_name, series_patch
from planaria_operator.telemetry.metrics import EVENTS_DROPPED

QUEUE_LENGTH: Final = 1000
SERIES_KEPT: Final = 4096
RETRY_SECONDS: Final = (1.0, 4.0)
"""Waits before a second and a third try. An Event is not worth more: the Remediation says the same, for good."""

log = structlog.get_logger("planaria.events")


class Recorder:
    """Whatever happens to an Event, nobody waits for it and nobody fails by it."""

    def __init__(
        self, kube: Kube, reporting_instance: str = "", *, limiter: RateLimiter | None = None
    ) -> None:
        """`reporting_instance` is by default the host's name, which in a pod is the pod's."""
        self._kube = kube
        self._instance = reporting_instance or socket.gethostname()
        self._limiter = limiter or RateLimiter()
        self._queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE_LENGTH)
        self._series: OrderedDict[tuple[object, ...], Series] = OrderedDict()
        self._forbidden = False

    def record(
        self,
        regarding: ObjectReference,
        *,
        reason: Reason,
        note: str,
        action: str,
        warning: bool = False,
        related: ObjectReference | None = None,
    ) -> None:
        """Queue one Event. Never blocks and never raises; a full queue drops it and counts that."""
        try:
            self._queue.put_nowait(Message(regarding, reason, note, action, warning, related))
        except asyncio.QueueFull:
            EVENTS_DROPPED.labels(why="queue_full").inc()

    async def run(self) -> None:
        """Write what is queued, for ever."""
        while True:
            message = await self._queue.get()
            try:
                await self._write(message)
            except Exception:
                EVENTS_DROPPED.labels(why="refused").inc()
                log.exception("an Event could not be written", reason=message.reason.value)
            finally:
                self._queue.task_done()

    async def drain(self) -> None:
        """Return when everything queued so far is written or given up; for the end of the process."""
        await self._queue.join()

    async def _write(self, message: Message) -> None:
        moment = now()
        series = self._series.get(message.key)
        repeated = series is not None and series.goes_on(moment)
        if series is None or not repeated:
            series = Series(event_name(message, secrets.token_hex(8)), moment, count=0)
        series.count, series.last = series.count + 1, moment
        if self._limiter.take(message.regarding, time.monotonic()):
            await self._send(message, series)
        elif not repeated:
            EVENTS_DROPPED.labels(why="rate_limited").inc()
        # A repeat that is held back is not lost: its count goes out with the next one that passes.

    async def _send(self, message: Message, series: Series) -> None:
        for pause in (*RETRY_SECONDS, None):
            try:
                await self._send_once(message, series)
            except Temporary:
                if pause is not None:
                    await asyncio.sleep(pause)
            except KubeError as error:
                self._refused(message, error)
                return
            else:
                self._remember(message, series)
                return
        EVENTS_DROPPED.labels(why="refused").inc()

    async def _send_once(self, message: Message, series: Series) -> None:
        if series.count > 1:
            with contextlib.suppress(NotFound):  # Events live for an hour; then the series starts again
                body = series_patch(series)
                await self._kube.patch(
                    "Event", message.namespace, series.name, body, patch_type=PatchType.MERGE
                )
                return
        with contextlib.suppress(AlreadyExists):  # an earlier try arrived, only its answer did not
            body = event_body(message, name=series.name, instance=self._instance, now=series.last)
            await self._kube.create("Event", message.namespace, body)

    def _remember(self, message: Message, series: Series) -> None:
        self._series[message.key] = series
        self._series.move_to_end(message.key)
        while len(self._series) > SERIES_KEPT:
            self._series.popitem(last=False)

    def _refused(self, message: Message, error: KubeError) -> None:
        EVENTS_DROPPED.labels(why="refused").inc()
        if isinstance(error, Forbidden):
            if not self._forbidden:
                log.warning("Events cannot be written", error=str(error))
            self._forbidden = True
        else:
            log.info("an Event was refused", reason=message.reason.value, error=str(error))
