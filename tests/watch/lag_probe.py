"""A process that watches one namespace and says how long its event loop was blocked: JSON on standard output.

    python -m tests.watch.lag_probe KUBECONFIG NAMESPACE

It is a process of its own because the garbage collector's pauses grow with the heap, and pytest's heap is not ours.

Wall time would measure the machine: on two shared cores another process can hold the loop up for longer than all of our
work. What counts is the part of each lag that this thread itself has computed, its CPU time: a lag of 300 ms in which the
thread got 20 ms of CPU is 20 ms of ours. And since a slow processor takes longer for the same work, the answer has a
yardstick of the same run: one full garbage collection of this process.
"""

import asyncio
import contextlib
import gc
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import connect
from planaria_operator.kube.interface import PatchType
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.run import watch
from planaria_operator.watch.sync import prime, resync
from tests.kube.real import eventually

LOOK = 0.01
"""Seconds between two looks."""


def full_collection() -> float:
    """Seconds of CPU time."""
    taken: list[float] = []
    for _ in range(5):
        used = time.thread_time()
        gc.collect()
        taken.append(time.thread_time() - used)
    return statistics.median(taken)


async def sample(lags: list[float]) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        due, used = clock() + LOOK, time.thread_time()
        await asyncio.sleep(LOOK)
        lags.append(min(clock() - due, time.thread_time() - used))


@asynccontextmanager
async def measured(what: str, result: dict[str, float]) -> AsyncIterator[None]:
    lags: list[float] = []
    task = asyncio.create_task(sample(lags))
    await asyncio.sleep(0)
    yield
    await asyncio.sleep(2 * LOOK)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    result[what] = round(max(lags), 4)


async def measure(kube: KubeClient, namespace: str) -> dict[str, float]:
    """The worst lag of each phase, and the yardstick, in seconds."""
    result = {"full collection": full_collection()}
    feed, stop = Feed(ClusterStore()), asyncio.Event()

    async def delivered() -> bool:
        return feed.store.last_event is not None

    async def emptied() -> bool:
        return not feed.store.identities("Pod")

    async with measured("first list", result):
        await prime(kube, feed, (namespace,))
    result["pods"] = len(feed.store.identities("Pod"))
    async with measured("kopf begins", result):
        watching = asyncio.create_task(watch(feed, kube, (namespace,), stop))
        await eventually(delivered, "the watch delivers")
        await asyncio.sleep(3)
    async with measured("resync", result):
        await resync(kube, feed, (namespace,))
    async with measured("all pods go at once", result):
        none = {"spec": {"replicas": 0}}
        await kube.patch("Deployment", namespace, "crowd", none, patch_type=PatchType.MERGE)
        await eventually(emptied, "all pods are gone", 180)
    stop.set()
    await watching
    return result


async def main(kubeconfig: str, namespace: str) -> None:
    # What the watch has to say must not stand before the answer.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    kube = await connect(Path(kubeconfig), timeout=60)
    print(json.dumps(await measure(kube, namespace)))
    await kube.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
