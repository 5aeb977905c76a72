"""One trace for each incident, sent to an OTLP collector over HTTP. Off unless it is asked for.

Ids are made of the Remediation's uid, so an operator that was restarted continues the same trace. Spans are queued and sent
by a thread of their own: a collector that is slow or away costs spans, never time.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from planaria_operator.addresses import usable
from planaria_operator.telemetry.metrics import version_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import SpanContext

QUEUE: Final = 2048
"""Spans that may wait; a storm of 150 incidents. More are dropped."""
SEND_EVERY, SEND_WITHIN, CLOSE_WITHIN = 2.0, 5.0, 2.0
"""Seconds: between two batches, for one of them with its retries, and for the last one when the operator ends."""
PATH: Final = "/v1/traces"


class TracingError(Exception):
    """Traces were asked for and cannot be had; one line that says what to change."""


class Traced(Protocol):
    def detected(self, uid: str, visible_at: datetime) -> None:
        """The first step begins; detecting took from `visible_at` to now."""
        ...

    def station(self, uid: str, station: str, seconds: float, facts: Mapping[str, Any]) -> None:
        """A station was passed just now and took `seconds`."""
        ...

    def incident(self, uid: str, name: str, visible_at: datetime, facts: Mapping[str, Any]) -> None:
        """It is over; `name` is the Remediation as namespace/name."""
        ...


class Untraced:
    """Implements `Traced` where nobody wants traces."""

    def detected(self, uid: str, visible_at: datetime) -> None:
        pass

    def station(self, uid: str, station: str, seconds: float, facts: Mapping[str, Any]) -> None:
        pass

    def incident(self, uid: str, name: str, visible_at: datetime, facts: Mapping[str, Any]) -> None:
        pass

    async def aclose(self) -> None:
        pass


class Tracer:
    """Implements `Traced`."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint`: base address of the collector, such as http://collector:4318. Raises TracingError."""
        url = traces_url(endpoint)
        try:
            from planaria_operator.telemetry.otlp import Ids, provider  # noqa: PLC0415  an extra
        except ImportError as error:
            raise TracingError(
                f"--otlp-endpoint {endpoint}: {error.name} is not installed; from a checkout: pip install '.[operator,tracing]'"
            ) from error
        self._ids = Ids()
        self._provider: TracerProvider = provider(url, self._ids)
        self._tracer = self._provider.get_tracer("planaria.operator", version_of("planaria"))

    def detected(self, uid: str, visible_at: datetime) -> None:
        self.station(uid, "detect", (datetime.now(UTC) - visible_at).total_seconds(), {})

    def station(self, uid: str, station: str, seconds: float, facts: Mapping[str, Any]) -> None:
        from opentelemetry.trace import NonRecordingSpan, set_span_in_context  # noqa: PLC0415  likewise

        end = time.time_ns()
        incident = set_span_in_context(NonRecordingSpan(self._root(uid)))
        begin = end - max(0, round(seconds * 1e9))
        span = self._tracer.start_span(station, incident, start_time=begin, attributes=attributes(facts))
        span.end(end)

    def incident(self, uid: str, name: str, visible_at: datetime, facts: Mapping[str, Any]) -> None:
        from opentelemetry.context import Context  # noqa: PLC0415  likewise

        told = attributes({"remediation": name, "uid": uid, **facts})
        root, begin = self._root(uid), round(visible_at.timestamp() * 1e9)
        with self._ids.fixed(root.trace_id, root.span_id):
            span = self._tracer.start_span("incident", Context(), start_time=begin, attributes=told)
        span.end()

    async def aclose(self) -> None:
        """Send what is queued, but not for long: nobody waits for a collector that is away."""
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, CLOSE_WITHIN)

    @staticmethod
    def _root(uid: str) -> "SpanContext":
        from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415  likewise

        trace_id, span_id = ids_of(uid)
        return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def traces_url(endpoint: str) -> str:
    """Raises TracingError where `endpoint` is no address."""
    if not usable(endpoint):
        raise TracingError(f"--otlp-endpoint {endpoint}: expected an address such as http://collector:4318")
    bare = endpoint.rstrip("/")
    return bare if bare.endswith(PATH) else f"{bare}{PATH}"


def ids_of(uid: str) -> tuple[int, int]:
    """Trace id (16 bytes) and the id of the incident's span (8 bytes)."""
    digest = hashlib.sha256(uid.encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


def attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What OTLP can carry: numbers, texts, and lists of them as one text."""
    return {
        f"planaria.{name}": value if isinstance(value, str | int | float | bool) else str(value)
        for name, value in facts.items()
        if value is not None
    }
