"""Memory that was freed goes back to the system. Each measurement is a process of its own: heaps are what a process has one of."""

import asyncio
import subprocess
import sys
from asyncio.sslproto import SSLProtocol
from typing import Any

import pytest

from planaria_operator.telemetry import heap

MEASURE = """
import threading
from planaria_operator.telemetry import heap
if {hold}:
    heap.hold_little()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
kept = []
def work():
    # Much that is freed and, in between, a little that stays: the shape that a list of a cluster leaves behind.
    lost = []
    for number in range(60_000):
        lost.append(bytearray(1024))
        if number % 100 == 0:
            kept.append(bytearray(1024))
before = resident()
thread = threading.Thread(target=work)
thread.start()
thread.join()
held = resident() - before
heap.give_back()
print(held, resident() - before)
"""


def measured(*, hold: bool) -> tuple[float, float]:
    code = MEASURE.format(hold=hold)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    held, left = map(float, done.stdout.split())
    return held, left


@pytest.mark.skipif(heap._LIBC is None, reason="another C library")
def test_what_was_freed_is_given_back_though_a_little_between_it_stays():
    held, left = measured(hold=True)
    assert left < 15, f"60 MiB were used, {held:.0f} MiB were held, {left:.0f} MiB are left"


BUFFER = """
import asyncio, ssl
from asyncio.sslproto import SSLProtocol
from planaria_operator.telemetry import heap
heap.hold_little()
async def main():
    loop = asyncio.get_running_loop()
    made = SSLProtocol(loop, asyncio.Protocol(), ssl.create_default_context(), loop.create_future())
    print(len(made._ssl_buffer))
asyncio.run(main())
"""


def test_connections_get_a_small_buffer():
    done = subprocess.run([sys.executable, "-c", BUFFER], capture_output=True, text=True, check=True)
    assert int(done.stdout) == heap.TLS_BUFFER


def test_without_glibc_nothing_is_done(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SSLProtocol, "max_size", SSLProtocol.max_size)
    monkeypatch.setattr(heap, "_LIBC", None)
    heap.hold_little()
    heap.give_back()
    asyncio.run(asyncio.wait_for(heap.keep_giving_back(), 5))


async def test_it_is_done_again_and_again(monkeypatch: pytest.MonkeyPatch):
    class Library:
        def __init__(self) -> None:
            self.asked: list[Any] = []

        def malloc_trim(self, spare: int) -> None:
            self.asked.append(spare)
            if len(self.asked) == 2:
                loop.call_soon_threadsafe(enough.set)

    loop, enough, library = asyncio.get_running_loop(), asyncio.Event(), Library()
    monkeypatch.setattr(heap, "_LIBC", library)
    monkeypatch.setattr(heap, "PERIOD_SECONDS", 0.0)
    task = asyncio.create_task(heap.keep_giving_back())
    await asyncio.wait_for(enough.wait(), 10)
    task.cancel()
    assert library.asked[:2] == [0, 0]
