"""Traces of incidents that the engine really moved, as a collector decodes them; and a collector that is away or slow."""

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from planaria_operator.app import run_until_stopped
from planaria_operator.reconcile.engine import Engine
from planaria_operator.reconcile.journal import Journal
from planaria_operator.settings import Settings
from planaria_operator.telemetry.tracing import QUEUE, Tracer, TracingError, ids_of, traces_url
from tests import builders
from tests.reconcile import harness
from tests.reconcile.harness import RESTART, WELL
from tests.telemetry.collector import collecting, told

FRONT = builders.deployment()
SET = builders.replica_set(FRONT)
SICK = builders.pod("front-0", SET, ready=False, ready_since=builders.ago(120), started_at=builders.ago(900))


@pytest.fixture(autouse=True)
def nobody_sends_any_more() -> Iterator[None]:
    """A thread that tries again in the background draws random numbers, which upsets tests that are drawn themselves."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("OtelBatch"):
            thread.join(60)
            assert not thread.is_alive(), thread.name


@pytest.fixture
def collector():
    with collecting() as server:
        yield server


@pytest.fixture
def world(monkeypatch):
    return harness.world(monkeypatch, RESTART)


def engine(here, tracer):
    """A process that has just started."""
    here.restart()
    for view in (SET, SICK, builders.node("node-1")):
        here.store.put(view)
    for (kind, *_), body in list(here.kube.objects.items()):
        if kind == "Remediation":
            from planaria_operator.watch.resources import parse_remediation

            here.store.put_remediation(parse_remediation(body))
    here.parts = replace(here.parts, journal=Journal(tracer))
    return Engine(here.parts)


async def passes(made, here, count, seconds=5):
    for _ in range(count):
        here.now = here.now + timedelta(seconds=seconds)
        await made.tick(here.now)
        await asyncio.gather(*made._running.values())


def get_well(here):
    here.health = WELL
    here.store.put(builders.pod("front-0", SET))


def only(here):
    (remediation,) = here.store.remediations.values()
    return remediation


async def test_an_incident_is_one_trace_with_a_span_for_each_station(world, collector):
    tracer = Tracer(collector.url)
    made = engine(world, tracer)
    await passes(made, world, 6)
    get_well(world)
    await passes(made, world, 4)
    await tracer.aclose()
    remediation = only(world)
    assert remediation.status.finished
    assert set(collector.paths) == {"/v1/traces"}
    trace_id, root_id = ids_of(remediation.uid)
    assert {int.from_bytes(span.trace_id) for span in collector.spans} == {trace_id}
    (root,) = collector.named("incident")
    assert int.from_bytes(root.span_id) == root_id
    assert root.parent_span_id == b""
    stations = ("detect", "evidence", "semantics", "decide", "guard", "act", "verify")
    assert [len(collector.named(station)) for station in stations] == [1] * len(stations)
    children = [span for span in collector.spans if span is not root]
    assert {int.from_bytes(span.parent_span_id) for span in children} == {root_id}
    assert told(root.attributes)["planaria.remediation"] == f"shop/{remediation.name}"
    assert told(root.attributes)["planaria.reason"] == "Recovered"
    assert told(collector.named("decide")[0].attributes)["planaria.action"] == "restart"
    assert collector.resources[0]["service.name"] == "planaria-operator"


async def test_spans_lie_within_their_incident_and_have_real_lengths(world, collector):
    tracer = Tracer(collector.url)
    tracer.incident("u", "shop/x", datetime.now(UTC) - timedelta(seconds=9), {})
    tracer.station("u", "verify", 3.0, {"recovered": True})
    await tracer.aclose()
    (root,), (verify,) = collector.named("incident"), collector.named("verify")
    assert (root.end_time_unix_nano - root.start_time_unix_nano) / 1e9 == pytest.approx(9, abs=0.5)
    assert (verify.end_time_unix_nano - verify.start_time_unix_nano) / 1e9 == pytest.approx(3, abs=1e-6)
    assert told(verify.attributes) == {"planaria.recovered": True}


async def test_an_operator_that_was_restarted_continues_the_trace(world, collector):
    first = Tracer(collector.url)
    await passes(engine(world, first), world, 4)
    await first.aclose()
    before = len(collector.spans)
    assert before >= 5
    assert not collector.named("incident")
    second = Tracer(collector.url)
    made = engine(world, second)
    get_well(world)
    await passes(made, world, 5)
    await second.aclose()
    assert only(world).status.finished
    assert len(collector.spans) > before
    assert len({span.trace_id for span in collector.spans}) == 1
    assert len(collector.named("detect")) == 1, "it was detected once, by the first"
    assert len(collector.named("incident")) == 1


async def heal(world, tracer):
    """Wall seconds of a whole incident."""
    made = engine(world, tracer)
    begin = time.monotonic()
    await passes(made, world, 6)
    get_well(world)
    await passes(made, world, 4)
    assert only(world).status.finished
    return time.monotonic() - begin


async def test_a_collector_that_is_away_delays_nothing_and_ends_in_time(world, caplog):
    with collecting() as gone:
        url = gone.url
    tracer = Tracer(url)
    assert await heal(world, tracer) < 15
    begin = time.monotonic()
    with caplog.at_level(logging.CRITICAL):
        await tracer.aclose()
    assert time.monotonic() - begin < 15


async def test_a_collector_that_hangs_delays_nothing_and_ends_in_time(world, collector):
    collector.hold.clear()
    tracer = Tracer(collector.url)
    assert await heal(world, tracer) < 15
    begin = time.monotonic()
    await tracer.aclose()
    assert time.monotonic() - begin < 15


async def test_more_spans_than_the_queue_holds_are_dropped_without_waiting(collector, caplog):
    collector.hold.clear()
    tracer = Tracer(collector.url)
    begin = time.monotonic()
    with caplog.at_level(logging.CRITICAL, "opentelemetry"):
        for number in range(3 * QUEUE):
            tracer.station(str(number), "act", 0.1, {})
    assert time.monotonic() - begin < 30
    (sending,) = tracer._provider._active_span_processor._span_processors
    held = sending._batch_processor._queue  # type: ignore[attr-defined]
    assert len(held) <= QUEUE
    await tracer.aclose()


@pytest.mark.parametrize(
    ("given", "sent_to"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://otel.example/tenant/v1/traces", "https://otel.example/tenant/v1/traces"),
    ],
)
def test_the_path_is_added_where_it_is_missing(given, sent_to):
    assert traces_url(given) == sent_to


@pytest.mark.parametrize(
    "given", ["collector:4318", "grpc://collector:4317", "http://", "http://[x", "http://collector:otlp", ""]
)
def test_what_is_no_address_is_refused_in_words(given):
    with pytest.raises(TracingError, match="expected an address such as http://collector:4318"):
        traces_url(given)


async def test_an_operator_with_a_wrong_address_does_not_start():
    assert await run_until_stopped(Settings(otlp_endpoint="collector:4318")) == 2


WITHOUT = """
import sys
import planaria_operator.app
from planaria_operator.telemetry.tracing import Tracer
print([name for name in sys.modules if "opentelemetry" in name])
sys.modules["opentelemetry"] = None
try:
    Tracer("http://collector:4318")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_nothing_of_opentelemetry_is_loaded_unasked_and_without_it_the_flag_says_what_to_install():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False, timeout=90
    )
    loaded, told_so = done.stdout.splitlines()
    assert loaded == "[]"
    assert told_so.startswith("TracingError --otlp-endpoint http://collector:4318: opentelemetry"), (
        done.stderr
    )
    assert "from a checkout: pip install '.[operator,tracing]'" in told_so
