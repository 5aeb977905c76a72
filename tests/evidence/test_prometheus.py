"""Against a real HTTP server that answers as Prometheus does, so that the library's own behaviour is part of the test."""

import asyncio
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from planaria_operator.evidence.prometheus import (
    THREADS,
    Prometheus,
    PrometheusUnavailable,
    read_matrix,
)
from planaria_operator.evidence.promql import fill, quote
from tests.builders import NOW


class Answering(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.answer = b"{}"
        self.hold = threading.Event()
        self.hold.set()
        self.slow = ""
        """Only queries with these words are held back."""
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self):
        url = urlparse(self.path)
        self.server.asked.append((url.path, {key: value[0] for key, value in parse_qs(url.query).items()}))
        if self.server.slow in parse_qs(url.query)["query"][0]:
            self.server.hold.wait(10)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    answering = Answering()
    thread = threading.Thread(target=answering.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answering
    answering.hold.set()
    answering.shutdown()
    thread.join()
    answering.server_close()


@pytest.fixture
async def prometheus(server):
    adapter = Prometheus(server.url, timeout=0.5)
    yield adapter
    adapter.close()


def matrix(*series):
    return json.dumps(
        {"status": "success", "data": {"resultType": "matrix", "result": list(series)}}
    ).encode()


async def ask(prometheus, query="up{namespace=$namespace}"):
    return await prometheus.window("up", query, "shop", "front", NOW)


async def test_a_window_is_a_range_query_with_a_deadline_and_quoted_variables(server, prometheus):
    server.answer = matrix(
        {"metric": {"pod": "front-0", "container": "app"}, "values": [[1795435200, "1.5"]]}
    )
    (series,) = await ask(prometheus, "rate(errors{namespace=$namespace,app=$name}[1m]) > $other")
    path, parameters = server.asked[0]
    assert path == "/api/v1/query_range"
    assert parameters["query"] == 'rate(errors{namespace="shop",app="front"}[1m]) > $other'
    assert parameters["timeout"] == "0.5s"
    assert int(parameters["end"]) - int(parameters["start"]) == timedelta(minutes=15).total_seconds()
    assert (series.subject, series.values) == ("front-0/app", (1.5,))


async def test_an_error_of_the_query_is_told_and_does_not_close_the_door(server, prometheus):
    server.status, server.answer = 400, b'{"error":"parse error"}'
    with pytest.raises(PrometheusUnavailable, match="400"):
        await ask(prometheus)
    server.status, server.answer = 200, matrix()
    assert await ask(prometheus) == []


async def test_after_a_silence_nobody_waits_again_for_a_while(server, prometheus):
    server.hold.clear()
    with pytest.raises(PrometheusUnavailable):
        await prometheus.series("up", "up", NOW)
    asked = len(server.asked)
    with pytest.raises(PrometheusUnavailable, match="a moment ago"):
        await ask(prometheus)
    assert len(server.asked) == asked
    server.hold.set()
    server.answer = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()
    assert await prometheus.alive()
    server.answer = matrix()
    assert await ask(prometheus) == []


async def test_who_waited_for_a_thread_while_the_silence_was_found_out_does_not_ask_again(server, prometheus):
    server.hold.clear()
    asked = (prometheus.series("up", "up", NOW) for _ in range(THREADS + 1))
    told = [str(each) for each in await asyncio.gather(*asked, return_exceptions=True)]
    assert len(server.asked) == THREADS
    assert sum("a moment ago" in each for each in told) == 1


async def test_a_query_of_a_policy_that_takes_too_long_keeps_nobody_else_from_asking(server, prometheus):
    server.answer, server.slow = matrix(), "heavy"
    server.hold.clear()
    heavy = [asyncio.create_task(ask(prometheus, "heavy")) for _ in range(THREADS)]
    assert await prometheus.series("up", "up", NOW) == []
    assert all(isinstance(each, PrometheusUnavailable) for each in await _ends(heavy))
    assert await ask(prometheus) == []


async def test_that_no_server_listens_is_told_by_a_query_of_a_policy_too():
    gone = Prometheus("http://127.0.0.1:9", timeout=0.5)
    with pytest.raises(PrometheusUnavailable):
        await ask(gone)
    with pytest.raises(PrometheusUnavailable, match="a moment ago"):
        await gone.series("up", "up", NOW)
    gone.close()


@pytest.fixture
async def crowded(server, monkeypatch):
    """One that is well, with as many questions under way as there are threads for them."""
    server.answer, server.slow = matrix(), "up"
    server.hold.clear()
    adapter = Prometheus(server.url, timeout=9.0)
    first = [asyncio.create_task(adapter.series("up", "up", NOW)) for _ in range(THREADS)]
    while len(server.asked) < THREADS:
        await asyncio.sleep(0.01)
    monkeypatch.setattr("planaria_operator.evidence.prometheus.QUEUE_SECONDS", 0.05)
    yield adapter, first
    server.hold.set()
    await _ends(first)
    adapter.close()


async def test_that_too_many_ask_at_once_says_nothing_of_prometheus(server, crowded):
    adapter, first = crowded
    with pytest.raises(PrometheusUnavailable, match="too many"):
        await adapter.series("up", "up", NOW)
    assert await adapter.alive()
    server.hold.set()
    assert await _ends(first) == [[]] * THREADS
    assert await adapter.series("up", "up", NOW) == []


async def test_a_question_that_was_given_up_keeps_its_thread_until_that_has_ended(server, crowded):
    adapter, first = crowded
    for each in first:
        each.cancel()
    await _ends(first)
    with pytest.raises(PrometheusUnavailable, match="too many"):
        await adapter.series("up", "up", NOW)


async def _ends(tasks):
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_fires_now_is_an_instant_query_with_a_deadline(server, prometheus):
    found = {"metric": {"alertname": "HighErrorRate"}, "value": [1795435200, "1"]}
    server.answer = json.dumps(
        {"status": "success", "data": {"resultType": "vector", "result": [found]}}
    ).encode()
    assert await prometheus.instant('ALERTS{alertstate="firing"}') == [found]
    path, parameters = server.asked[0]
    assert (path, parameters["query"]) == ("/api/v1/query", 'ALERTS{alertstate="firing"}')
    assert parameters["timeout"] == "0.5s"


async def test_nothing_listening_is_not_alive():
    gone = Prometheus("http://127.0.0.1:9", timeout=0.5)
    assert not await gone.alive()
    gone.close()


@pytest.mark.parametrize("answer", [b"not json", b"{}", b'{"data":{}}', b"[]"])
async def test_an_answer_that_is_no_prometheus_answer_is_unavailable(server, prometheus, answer):
    server.answer = answer
    with pytest.raises(PrometheusUnavailable):
        await ask(prometheus)


def test_points_that_are_no_number_are_left_out():
    series = {"metric": {"job": "x", "__name__": "up"}, "values": [[1, "NaN"], [2, "+Inf"], [3, "4"]]}
    (only,) = read_matrix("up", [series, {"metric": {}, "values": [[1, "NaN"]]}])
    assert (only.values, only.subject) == ((4.0,), "job=x")


@pytest.mark.parametrize(
    ("text", "quoted"), [("shop", '"shop"'), ('a"b', '"a\\"b"'), ("a\\", '"a\\\\"'), ("a\nb", '"a\\nb"')]
)
def test_values_are_quoted_as_promql_strings(text, quoted):
    assert quote(text) == quoted
    assert fill("x{n=$name}", name=text, namespace="s") == f"x{{n={quoted}}}"
