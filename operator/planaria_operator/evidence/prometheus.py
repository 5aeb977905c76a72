"""The one place that knows prometheus-api-client, and its traps.

It is synchronous, so calls run on a few threads of their own: a thread cannot be cancelled, and a hung Prometheus must
not use up the threads that others need. It retries by itself unless told not to, drops warnings, has no time-out by
default, and shares one session between threads.
"""

import asyncio
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests import RequestException
from urllib3.util.retry import Retry

from planaria_contract import MetricSeries
from planaria_operator.evidence.promql import fill

T = TypeVar("T")

WINDOW: Final = timedelta(minutes=15)
STEP_SECONDS: Final = 15
MAX_SERIES: Final = 20
THREADS: Final = 4
PAUSE_SECONDS: Final = 30.0
"""After a failure nobody waits for Prometheus again for this long."""


class PrometheusUnavailable(ValueError):
    """No answer, or none that can be used; the message is one line."""


class Prometheus:
    def __init__(self, url: str, *, timeout: float = 4.0, headers: Mapping[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._headers = dict(headers or {})
        self._local = threading.local()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="prometheus")
        self._slots = asyncio.Semaphore(THREADS)
        self._again_at = -math.inf

    async def window(
        self, name: str, query: str, namespace: str, workload: str, now: datetime
    ) -> list[MetricSeries]:
        """The last quarter of an hour. Raises PrometheusUnavailable.

        `query` is the policy's; `$namespace` and `$name` become quoted PromQL strings.
        """
        return await self.series(name, fill(query, namespace=namespace, name=workload), now)

    async def series(self, name: str, promql: str, now: datetime) -> list[MetricSeries]:
        """As `window`, for a query that is complete."""

        def ask() -> Any:
            return self._client().custom_query_range(
                promql, now - WINDOW, now, str(STEP_SECONDS), params={"timeout": f"{self._timeout:g}s"}
            )

        return list(read_matrix(name, await self._call(ask)))

    async def instant(self, promql: str) -> Any:
        """What a query gives now: a list of series with their labels. Raises PrometheusUnavailable."""

        def ask() -> Any:
            return self._client().custom_query(promql, params={"timeout": f"{self._timeout:g}s"})

        return await self._call(ask)

    async def alive(self) -> bool:
        """True where it answers a query that needs no data."""
        try:
            await self._call(lambda: self._client().custom_query("vector(1)"), anyway=True)
        except PrometheusUnavailable:
            return False
        return True

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, ask: Callable[[], T], *, anyway: bool = False) -> T:
        loop = asyncio.get_running_loop()
        if loop.time() < self._again_at and not anyway:
            raise PrometheusUnavailable("Prometheus did not answer a moment ago")
        try:
            async with asyncio.timeout(self._timeout + 1), self._slots:
                answer = await loop.run_in_executor(self._threads, ask)
        except (
            RequestException,
            PrometheusApiClientException,
            TimeoutError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            if not isinstance(error, PrometheusApiClientException):
                self._again_at = loop.time() + PAUSE_SECONDS
            raise PrometheusUnavailable(f"{type(error).__name__}: {str(error)[:160]}") from error
        self._again_at = -math.inf
        return answer

    def _client(self) -> PrometheusConnect:
        """One session per thread; requests' sessions are not safe to share."""
        if not hasattr(self._local, "client"):
            self._local.client = PrometheusConnect(
                self.url, headers=self._headers, retry=Retry(total=0), timeout=self._timeout
            )
        client: PrometheusConnect = self._local.client
        return client


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
