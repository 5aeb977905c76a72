"""The one place that knows prometheus-api-client, and its traps.

It is synchronous, so calls run on a few threads of their own: a thread cannot be cancelled, and a hung Prometheus must
not use up the threads that others need. Nor may the queries of a policy, which can be as heavy as its author likes: they
have threads apart. It retries by itself unless told not to, drops warnings, has no time-out by default, and shares one
session between threads.
"""

import asyncio
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests import ReadTimeout, RequestException
from urllib3.util.retry import Retry

from planaria_contract import MetricSeries
from planaria_operator.evidence.promql import fill
from planaria_operator.evidence.sources import SourceError
from planaria_operator.text import shortened

T = TypeVar("T")

WINDOW: Final = timedelta(minutes=15)
STEP_SECONDS: Final = 15
MAX_SERIES: Final = 20
THREADS: Final = 4
"""For the queries of policies, and as many again for the built-in ones."""
QUEUE_SECONDS: Final = 3.0
"""Longest wait for one of them; what then remains of a source's time is for the answer."""
FAILURES: Final = (
    RequestException,
    PrometheusApiClientException,
    TimeoutError,
    LookupError,
    TypeError,
    ValueError,
)
PAUSE_SECONDS: Final = 30.0
"""After a failure nobody waits for Prometheus again for this long."""


class PrometheusUnavailable(SourceError):
    """No answer, or none that can be used; the message is one line."""


class Prometheus:
    def __init__(self, url: str, *, timeout: float = 4.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._local = threading.local()
        self._threads = ThreadPoolExecutor(2 * THREADS + 1, thread_name_prefix="prometheus")
        self._policies = asyncio.Semaphore(THREADS)
        self._built_in = asyncio.Semaphore(THREADS)
        self._sign_of_life = asyncio.Semaphore()
        self._again_at = -math.inf

    async def window(
        self, name: str, query: str, namespace: str, workload: str, now: datetime
    ) -> list[MetricSeries]:
        """The last quarter of an hour. Raises PrometheusUnavailable.

        `query` is the policy's; `$namespace` and `$name` become quoted PromQL strings.
        """
        promql = fill(query, namespace=namespace, name=workload)
        return await self._range(name, promql, now, self._policies)

    async def series(self, name: str, promql: str, now: datetime) -> list[MetricSeries]:
        """As `window`, for a built-in query, which is complete."""
        return await self._range(name, promql, now, self._built_in)

    async def _range(
        self, name: str, promql: str, now: datetime, slots: asyncio.Semaphore
    ) -> list[MetricSeries]:
        def ask() -> Any:
            return self._client().custom_query_range(
                promql, now - WINDOW, now, str(STEP_SECONDS), params={"timeout": f"{self._timeout:g}s"}
            )

        return list(read_matrix(name, await self._call(ask, slots)))

    async def instant(self, promql: str) -> Any:
        """What a query gives now: a list of series with their labels. Raises PrometheusUnavailable."""

        def ask() -> Any:
            return self._client().custom_query(promql, params={"timeout": f"{self._timeout:g}s"})

        return await self._call(ask, self._built_in)

    async def alive(self) -> bool:
        """True where it answers a query that needs no data."""
        try:
            await self._call(lambda: self._client().custom_query("vector(1)"), self._sign_of_life)
        except PrometheusUnavailable:
            return False
        return True

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, ask: Callable[[], T], slots: asyncio.Semaphore) -> T:
        loop = asyncio.get_running_loop()
        await self._take(slots)
        thread = self._threads.submit(ask)
        try:
            async with asyncio.timeout(self._timeout + 1):
                answer = await asyncio.wrap_future(thread)
        except FAILURES as error:
            if not self._speaks_of_the_query(error, slots):
                self._again_at = loop.time() + PAUSE_SECONDS
            raise PrometheusUnavailable(f"{type(error).__name__}: {shortened(str(error), 160)}") from error
        finally:
            # A thread keeps its slot until it has ended, even where nobody waits for its answer any more.
            thread.add_done_callback(partial(_free, slots, loop))
        self._again_at = -math.inf
        return answer

    async def _take(self, slots: asyncio.Semaphore) -> None:
        self._heed_silence(slots)
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await slots.acquire()
        except TimeoutError:
            raise PrometheusUnavailable("too many questions wait for Prometheus already") from None
        try:
            self._heed_silence(slots)
        except PrometheusUnavailable:
            slots.release()
            raise

    def _heed_silence(self, slots: asyncio.Semaphore) -> None:
        if asyncio.get_running_loop().time() < self._again_at and slots is not self._sign_of_life:
            raise PrometheusUnavailable("Prometheus did not answer a moment ago")

    def _speaks_of_the_query(self, error: Exception, slots: asyncio.Semaphore) -> bool:
        """True where another query may well be answered: this one is wrong, or a policy's that takes too long."""
        slow = isinstance(error, (ReadTimeout, TimeoutError)) and slots is self._policies
        return slow or isinstance(error, PrometheusApiClientException)

    def _client(self) -> PrometheusConnect:
        """One session per thread; requests' sessions are not safe to share."""
        if not hasattr(self._local, "client"):
            retry = Retry(total=0, read=False)  # else a slow answer could not be told from a lost connection
            self._local.client = PrometheusConnect(self.url, retry=retry, timeout=self._timeout)
        client: PrometheusConnect = self._local.client
        return client


def _free(slots: asyncio.Semaphore, loop: asyncio.AbstractEventLoop, _: object) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits for the slot
        loop.call_soon_threadsafe(slots.release)


def read_matrix(name: str, answer: Any) -> Iterator[MetricSeries]:
    """Series of a range query, without the points that are no number."""
    for series in (answer or [])[:MAX_SERIES]:
        points = [(float(time), float(value)) for time, value in series.get("values") or ()]
        kept = [(time, value) for time, value in points if math.isfinite(value)]
        if kept:
            yield MetricSeries(
                name=name,
                subject=_subject(series.get("metric") or {}),
                unit="",
                values=tuple(value for _, value in kept),
                times=tuple(datetime.fromtimestamp(time, UTC) for time, _ in kept),
            )


def _subject(labels: Mapping[str, str]) -> str:
    if "pod" in labels:
        return "/".join(labels[key] for key in ("pod", "container") if key in labels)[:253]
    named = ",".join(f"{key}={value}" for key, value in sorted(labels.items()) if key != "__name__")
    return named[:253]
