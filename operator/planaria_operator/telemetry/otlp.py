"""What of OpenTelemetry is used. Imported only where traces are asked for: its packages are an extra."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from planaria_operator.telemetry.metrics import version_of
from planaria_operator.telemetry.tracing import QUEUE, SEND_EVERY, SEND_WITHIN


class Ids(RandomIdGenerator):
    """Random, but for the one span that is made under `fixed`. Only for one event loop."""

    def __init__(self) -> None:
        self._fixed: tuple[int, int] | None = None

    @contextmanager
    def fixed(self, trace_id: int, span_id: int) -> Iterator[None]:
        self._fixed = trace_id, span_id
        try:
            yield
        finally:
            self._fixed = None

    def generate_trace_id(self) -> int:
        return self._fixed[0] if self._fixed else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self._fixed[1] if self._fixed else super().generate_span_id()


def provider(url: str, ids: Ids) -> TracerProvider:
    """Headers, certificates and sampling are read from the environment, as OpenTelemetry specifies (OTEL_*)."""
    about = {
        "service.name": os.environ.get("OTEL_SERVICE_NAME", "planaria-operator"),
        "service.version": version_of("planaria"),
        "service.instance.id": socket.gethostname(),
    }
    made = TracerProvider(resource=Resource.create(about), id_generator=ids, shutdown_on_exit=False)
    made.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(endpoint=url, timeout=SEND_WITHIN),
            max_queue_size=QUEUE,
            schedule_delay_millis=SEND_EVERY * 1000,
        )
    )
    return made
