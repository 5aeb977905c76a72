"""Questions at a steady rate, whether or not the answers come: an open loop, as many operators would ask.

A latency counts from the moment at which the question was due, not from when it could be sent. A service that stands still
for a second is so charged with every question of that second (Tene, "coordinated omission").
"""

import asyncio
import gc
import time
from dataclasses import dataclass
from typing import Final

import aiohttp
import numpy as np
import numpy.typing as npt

from bench.questions import question
from bench.service_process import Started

QUESTIONS: Final = 2000
"""Different ones, asked in turn."""
WARM_SECONDS: Final = 2.0
PATIENCE: Final = 10.0
"""Seconds after which a question counts as failed."""


@dataclass(frozen=True)
class Load:
    latencies: npt.NDArray[np.float64]
    """Seconds of every question, from when it was due; a failed one counts as `PATIENCE`."""
    failed: int
    late: npt.NDArray[np.float64]
    """Seconds that the load itself was late with each question; they are within the latencies."""
    seconds: float
    cpu_seconds: float
    """Of the service."""
    waited_seconds: float
    """The service was ready to run, but its core was somebody else's."""

    def as_json(self) -> dict[str, float]:
        return {
            "p50_ms": self.ms(50),
            "p95_ms": self.ms(95),
            "p99_ms": self.ms(99),
            "longest_ms": self.ms(100),
            "failed": self.failed,
            "load_late_p99_ms": float(np.percentile(self.late, 99)) * 1000,
            "cpu_ms_per_request": self.cpu_seconds / len(self.latencies) * 1000,
            "core_busy": self.cpu_seconds / self.seconds,
            "core_taken_by_others": self.waited_seconds / self.seconds,
        }

    def ms(self, percentile: float) -> float:
        return float(np.percentile(self.latencies, percentile)) * 1000


def bodies(seed: int = 5) -> list[bytes]:
    draws = np.random.default_rng(seed)
    return [question(draws).to_json().encode() for _ in range(QUESTIONS)]


async def load(asked: Started, questions: list[bytes], rate: int, seconds: float) -> Load:
    """After two seconds that do not count."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        generator = _Generator(session, f"{asked.address}/v1/decide", questions)
        await generator.run(rate, WARM_SECONDS)
        gc.collect()
        gc.freeze()  # a pause of ours must not look like one of the service
        cpu, waited = asked.cpu_seconds(), asked.waited_seconds()
        begin = time.perf_counter()
        latencies, late = await generator.run(rate, seconds)
        elapsed = time.perf_counter() - begin
        taken = asked.cpu_seconds() - cpu, asked.waited_seconds() - waited
    failed = np.isnan(latencies)
    return Load(np.where(failed, PATIENCE, latencies), int(failed.sum()), late, elapsed, *taken)


class _Generator:
    def __init__(self, session: aiohttp.ClientSession, url: str, questions: list[bytes]) -> None:
        self._session, self._url, self._questions = session, url, questions

    async def run(self, rate: int, seconds: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(latencies, nan where failed; how late each was sent), in seconds."""
        loop = asyncio.get_running_loop()
        begin, tasks, late = loop.time() + 0.1, [], []
        for number in range(int(rate * seconds)):
            due = begin + number / rate
            await asyncio.sleep(due - loop.time())
            late.append(loop.time() - due)
            tasks.append(asyncio.create_task(self._ask(number, due)))
        return np.array(await asyncio.gather(*tasks)), np.array(late)

    async def _ask(self, number: int, due: float) -> float:
        body = self._questions[number % len(self._questions)]
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                await answer.read()
                if answer.status != 200:
                    return float("nan")
        except (aiohttp.ClientError, TimeoutError):
            return float("nan")
        return asyncio.get_running_loop().time() - due
