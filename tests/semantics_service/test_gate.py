"""A storm of one cause is one question; a queue that is full says so at once."""

import asyncio
import time

import pytest

from planaria_contract import Evidence
from planaria_semantics.errors import Busy, NotReached, TooSlow
from planaria_semantics.gate import Gate, Limits
from planaria_semantics.vllm import VllmClient, VllmReader
from planaria_semantics.vllm.fake import FakeVllm
from tests.semantics_service.windows import REFUSED, Counted, Slow, answer, opinion, window


def letters(number):
    return "".join(chr(97 + int(digit)) for digit in str(number))


def distinct(count):
    return [window(f"cause {letters(number)}") for number in range(count)]


async def test_500_pods_of_one_cause_are_one_call_and_each_gets_its_own_lines():
    async with FakeVllm(answer=answer(evidence=[1])) as server:
        reader = VllmReader(VllmClient(server.url, server.model))
        seen = Counted()
        gate = Gate("vllm", reader, observer=seen)
        storm = [
            window(
                f"attempt {number}",
                f"dial tcp 10.0.0.{number}: refused",
                pod=f"front-{number}",
                first=number % 7,
            )
            for number in range(500)
        ]
        opinions = await asyncio.gather(*(gate.read(each) for each in storm))
        assert len(server.asked) == 1
        for number, each in enumerate(opinions):
            assert [(item.index, item.excerpt) for item in each.evidence] == [
                (number % 7 + 1, f"dial tcp 10.0.0.{number}: refused")
            ]
        assert [how for _, how in seen.caches].count("joined") == 499
        await gate.read(storm[3])
        assert seen.caches[-1] == ("vllm", "hit")
        assert len(server.asked) == 1
        await reader.aclose()


async def test_no_more_than_the_permitted_questions_are_open():
    reader = Slow(0.01)
    gate = Gate("slow", reader, Limits(concurrency=3, queue=100))
    await asyncio.gather(*(gate.read(each) for each in distinct(40)))
    assert (reader.calls, reader.most) == (40, 3)


async def test_a_full_queue_refuses_at_once():
    gate = Gate("slow", Slow(1), Limits(concurrency=2, queue=3))
    jam = [asyncio.create_task(gate.read(each)) for each in distinct(10)]
    await asyncio.sleep(0.05)
    refused = [each for each in jam if each.done()]
    assert len(refused) == 5
    assert {type(each.exception()) for each in refused} == {Busy}
    started = time.monotonic()
    with pytest.raises(Busy, match="waiting already"):
        await gate.read(window("one more"))
    assert time.monotonic() - started < 0.5
    await asyncio.gather(*jam, return_exceptions=True)
    assert (await gate.read(window("one more"))).ranked


async def test_the_deadline_counts_from_entry_and_includes_the_wait():
    gate = Gate("slow", Slow(1), Limits(concurrency=1, queue=10, deadline=1.5))
    started = time.monotonic()
    results = await asyncio.gather(*(gate.read(each) for each in distinct(4)), return_exceptions=True)
    assert time.monotonic() - started < 3
    assert [type(each) for each in results].count(TooSlow) == 3


async def test_a_failure_is_told_to_all_who_wait_and_not_remembered():
    reader = Slow(0.02, NotReached("gone"))
    gate = Gate("slow", reader)
    results = await asyncio.gather(*(gate.read(window(REFUSED)) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(each, NotReached) for each in results)
    assert reader.calls == 1
    reader.error = None
    assert (await gate.read(window(REFUSED))).ranked
    assert reader.calls == 2


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others():
    reader = Slow(0.1)
    gate = Gate("slow", reader)
    first = asyncio.create_task(gate.read(window(REFUSED)))
    second = asyncio.create_task(gate.read(window(REFUSED)))
    await asyncio.sleep(0.02)
    first.cancel()
    assert (await second).ranked
    assert reader.calls == 1


async def test_an_answer_is_forgotten_after_its_time_and_the_oldest_when_there_are_many():
    now = [0.0]
    reader = Slow(0)
    gate = Gate("slow", reader, Limits(remembered=2, remembered_seconds=10), clock=lambda: now[0])
    one, two, three = distinct(3)
    for each in (one, two, one, three, one):
        await gate.read(each)
    assert reader.calls == 3
    await gate.read(two)
    assert reader.calls == 4
    now[0] = 11
    await gate.read(two)
    assert reader.calls == 5


async def test_evidence_of_facts_is_left_to_the_asking_window():
    class Factual(Slow):
        async def read(self, seen):
            return opinion(evidence=(Evidence(kind="fact", index=0, excerpt="front-0 is full"),))

    gate = Gate("slow", Factual())
    assert (await gate.read(window(REFUSED))).evidence == ()


async def test_what_a_dependent_says_is_another_question_than_the_same_said_by_the_target():
    reader = Slow()
    gate = Gate("vllm", reader)
    for origin in ("affected", "dependent", "affected"):
        found = await gate.read(window(REFUSED, origin=origin))
        assert len(found.evidence) == 1
    assert reader.calls == 2
