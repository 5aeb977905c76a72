"""A reader that is dead is left alone, and tried again."""

import asyncio

import pytest

from planaria_semantics.availability import Availability, Reason
from planaria_semantics.breaker import FIRST_PAUSE, LONGEST_PAUSE, Breaker
from planaria_semantics.circuit import FAILURES, JITTER
from planaria_semantics.errors import Busy, NotReached, TooSlow
from tests.semantics_service.windows import REFUSED, Says, opinion, window

LATEST = FIRST_PAUSE * (1 + JITTER)


def broken(error, availability=None):
    now = [100.0]
    reader = Says(error)
    return reader, Breaker("x", reader, availability, clock=lambda: now[0]), now


async def fail(breaker, times, error):
    for _ in range(times):
        with pytest.raises(error):
            await breaker.read(window(REFUSED))


async def test_after_some_failures_it_is_left_alone_and_tried_again_later():
    reader, breaker, now = broken(TooSlow("no answer"))
    await fail(breaker, FAILURES + 5, TooSlow)
    assert reader.calls == FAILURES
    now[0] += LATEST
    await fail(breaker, 3, TooSlow)
    assert reader.calls == FAILURES + 1
    now[0] += LATEST
    await fail(breaker, 1, TooSlow)
    assert reader.calls == FAILURES + 1, "the second pause is longer"
    now[0] += LATEST
    reader.outcome = opinion()
    assert (await breaker.read(window(REFUSED))).ranked
    assert not breaker.open
    reader.outcome = TooSlow("again")
    await fail(breaker, FAILURES, TooSlow)
    assert reader.calls == FAILURES + 2 + FAILURES


async def test_while_one_tries_the_others_do_not_wait():
    reader, breaker, now = broken(NotReached("gone"))
    await fail(breaker, FAILURES, NotReached)
    now[0] += LATEST
    reader.outcome, reader.seconds = opinion(), 0.1
    trial = asyncio.create_task(breaker.read(window(REFUSED)))
    await asyncio.sleep(0.02)
    await fail(breaker, 1, NotReached)
    assert (await trial).ranked
    assert reader.calls == FAILURES + 1


async def test_a_success_between_failures_counts_from_the_beginning():
    reader, breaker, _ = broken(NotReached("gone"))
    for _ in range(3):
        reader.outcome = NotReached("gone")
        await fail(breaker, FAILURES - 1, NotReached)
        reader.outcome = opinion()
        await breaker.read(window(REFUSED))
    assert not breaker.open


async def test_what_was_on_its_way_when_it_was_left_alone_makes_no_pause_longer():
    reader, breaker, now = broken(TooSlow("no answer"))
    reader.seconds = 0.02
    storm = (breaker.read(window(REFUSED)) for _ in range(FAILURES + 5))
    told = await asyncio.gather(*storm, return_exceptions=True)
    assert {type(each) for each in told} == {TooSlow}
    now[0] += LATEST
    reader.outcome = opinion()
    assert (await breaker.read(window(REFUSED))).ranked


async def test_what_was_on_its_way_when_it_was_left_alone_ends_nobody_elses_trial():
    reader, breaker, now = broken(NotReached("gone"))
    reader.seconds = 0.2
    straggler = asyncio.create_task(breaker.read(window(REFUSED)))
    await asyncio.sleep(0.02)
    reader.seconds = 0
    await fail(breaker, FAILURES, NotReached)
    now[0] += LATEST
    reader.seconds = 30
    trial = asyncio.create_task(breaker.read(window(REFUSED)))
    await asyncio.gather(straggler, return_exceptions=True)
    now[0] += LONGEST_PAUSE * (1 + JITTER)
    calls = reader.calls
    async with asyncio.timeout(5):
        await fail(breaker, 1, NotReached)
    assert reader.calls == calls
    trial.cancel()


async def test_a_busy_server_is_still_asked():
    reader, breaker, _ = broken(Busy("full"))
    await fail(breaker, 10, Busy)
    assert reader.calls == 10


async def test_a_question_cut_off_by_its_deadline_counts_as_too_slow():
    seen = Availability(probe=lambda: asyncio.sleep(0))
    reader, breaker, _ = broken(opinion(), seen)
    reader.seconds = 30
    for _ in range(FAILURES):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await breaker.read(window(REFUSED))
    assert breaker.open
    assert seen.status.reason is Reason.TOO_SLOW


async def test_what_got_only_the_rest_of_a_deadline_is_no_failure_of_the_server():
    seen, now = Availability(probe=lambda: asyncio.sleep(0)), [100.0]
    reader = Says(opinion(), seconds=30)
    breaker = Breaker("x", reader, seen, clock=lambda: now[0], least=2.5)

    async def cut_off(after):
        asked = asyncio.create_task(breaker.read(window(REFUSED)))
        await asyncio.sleep(0)
        now[0] += after
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

    for _ in range(FAILURES):
        await cut_off(2.4)
    assert (breaker.open, seen.status.reason) == (False, Reason.NOT_ASKED)
    for _ in range(FAILURES):
        await cut_off(2.5)
    assert (breaker.open, seen.status.reason) == (True, Reason.TOO_SLOW)
