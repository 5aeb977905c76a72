"""One window at a time: whoever waits for its turn has not begun yet, and a long line is no failure of the reader."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from planaria_semantics.errors import Busy, TooSlow
from planaria_semantics.turn import InTurn
from tests.semantics_service.windows import REFUSED, Slow, opinion, window


async def test_the_deadline_counts_from_its_own_turn():
    reader = Slow(0.2)
    turns = InTurn("slow", reader, 1.0)
    found = await asyncio.gather(*(turns.read(window(REFUSED)) for _ in range(8)))
    assert (len(found), reader.most) == (8, 1)


async def test_who_waits_too_long_is_told_that_it_is_busy():
    turns = InTurn("slow", Slow(1), 5, patience=0.05)
    first = asyncio.create_task(turns.read(window(REFUSED)))
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="slow was still reading other incidents"):
        await turns.read(window(REFUSED))
    assert (await first).ranked
    assert (await turns.read(window(REFUSED))).ranked


async def test_who_is_too_slow_holds_nobody_else_up():
    reader = Slow(30)
    turns = InTurn("slow", reader, 0.1)
    started = time.monotonic()
    with pytest.raises(TooSlow, match="slow did not answer within"):
        await turns.read(window(REFUSED))
    reader.seconds = 0
    assert (await turns.read(window(REFUSED))).ranked
    assert time.monotonic() - started < 15


class Threaded:
    """As the encoder: what was given up goes on in its thread."""

    def __init__(self):
        self.thread = ThreadPoolExecutor(1)
        self.seconds = [0.5, *[0.0] * 5]

    async def read(self, seen):
        await self.submit(lambda: time.sleep(self.seconds.pop(0)))
        return opinion()

    async def idle(self):
        await self.submit(lambda: None)

    async def submit(self, work):
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)


async def test_a_reading_that_was_given_up_costs_nobody_else_their_time():
    reader = Threaded()
    turns = InTurn("slow", reader, 0.2, idle=reader.idle)
    found = await asyncio.gather(*(turns.read(window(REFUSED)) for _ in range(6)), return_exceptions=True)
    assert [type(each) for each in found].count(TooSlow) == 1


async def test_who_gives_up_in_the_line_leaves_it():
    turns = InTurn("slow", Slow(0.1), 5)
    first, second, third = (asyncio.create_task(turns.read(window(REFUSED))) for _ in range(3))
    await asyncio.sleep(0.02)
    second.cancel()
    assert (await first).ranked
    assert (await third).ranked
