"""Readers in order, the rules last; what is available is known."""

import asyncio
import logging
import time

import pytest

from planaria_contract import Fault, LogLine, Source
from planaria_semantics import cascade as module
from planaria_semantics import factory
from planaria_semantics.availability import Reason
from planaria_semantics.cascade import Cascade, Step
from planaria_semantics.circuit import FAILURES
from planaria_semantics.errors import Busy, Malformed, NotReached, Refused, TooSlow
from planaria_semantics.settings import SemanticsSettings
from planaria_semantics.vllm import fake
from tests.builders import NOW, observation
from tests.semantics_service.windows import Counted, Says, answer, opinion


def step(reader, name="first", deadline=1.0):
    return Step(name, reader, deadline)


# --- the cascade


async def test_the_first_who_answers_is_believed():
    seen = Counted()
    second = Says(opinion(Fault.OVERLOAD))
    made = Cascade([step(Says(opinion(Fault.STORAGE_FAULT))), step(second, "second")], observer=seen)
    state = await made.extract(observation())
    assert (state.fault, state.source) == (Fault.STORAGE_FAULT, Source.VLLM)
    assert second.calls == 0
    assert seen.questions == [("first", "ok")]


@pytest.mark.parametrize("error", [NotReached("x"), TooSlow("x"), Busy("x"), Refused("x"), Malformed("x")])
async def test_who_gives_no_opinion_is_followed_by_the_next(error):
    seen = Counted()
    made = Cascade([step(Says(error)), step(Says(opinion(Fault.OVERLOAD)), "second")], observer=seen)
    assert (await made.extract(observation())).fault is Fault.OVERLOAD
    assert seen.questions == [("first", error.code), ("second", "ok")]


async def test_a_bug_is_logged_and_the_next_is_asked(caplog):
    seen = Counted()
    made = Cascade([step(Says(KeyError("bug")))], observer=seen)
    with caplog.at_level(logging.ERROR):
        assert (await made.extract(observation())).source is Source.RULES
    assert seen.questions == [("first", "bug"), ("rules", "ok")]
    assert "KeyError" in caplog.text


async def test_who_is_too_slow_is_not_waited_for():
    started = time.monotonic()
    made = Cascade([step(Says(opinion(), seconds=30), deadline=0.1)])
    assert (await made.extract(observation())).source is Source.RULES
    assert time.monotonic() - started < 15


async def test_nothing_that_breaks_reaches_the_caller(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("bug")

    class Rules:
        async def extract(self, seen):
            raise RuntimeError("another")

    monkeypatch.setattr(module, "build", broken)
    reader = Says(opinion())
    state = await Cascade([step(reader)], rules=Rules()).extract(observation())
    assert (state.fault, state.confidence, reader.calls) == (Fault.UNKNOWN, 0.0, 0)


async def test_to_be_cancelled_is_no_failure_of_the_reader():
    task = asyncio.create_task(
        Cascade([step(Says(opinion(), seconds=30), deadline=60)]).extract(observation())
    )
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- what is available


class Encoder(Says):
    """Like the shipped one it reads one window at a time."""

    def __init__(self, seconds=0.0):
        super().__init__(opinion(Fault.OVERLOAD), seconds)
        self.thread = asyncio.Lock()

    async def read(self, seen):
        async with self.thread:
            return await super().read(seen)

    async def idle(self):
        pass

    def novelty(self, seen):
        return 0.0


@pytest.fixture
def deadline():
    """Seconds for the model: more than a machine with other work needs for an answer that is there."""
    return 10.0


@pytest.fixture
async def made(monkeypatch, deadline):
    """An assembled cascade with a fake server, an encoder that says overload, and what was observed."""
    monkeypatch.setattr(factory, "_encoder", Encoder)
    async with fake.FakeVllm(answer=answer(Fault.STORAGE_FAULT, evidence=[])) as server:
        seen = Counted()
        settings = SemanticsSettings(
            "vllm", server.url, server.model, deadline_seconds=deadline, probe_seconds=0.05, examples=0
        )
        cascade = factory.assemble(settings, seen)
        yield cascade, server, seen
        await cascade.aclose()


async def test_a_model_that_calls_failing_pods_healthy_is_not_believed_and_stays_available(made):
    cascade, server, seen = made
    server.answer = lambda _: answer(Fault.HEALTHY, evidence=[])
    for number in range(FAILURES + 1):
        failing = observation(
            incident=f"{number}", logs=(LogLine(index=0, pod="front-0", container="app", text="same"),)
        )
        assert (await cascade.extract(failing)).fault is Fault.OVERLOAD
    assert seen.calls.count(("vllm", "ok")) == len(server.asked) == 1
    assert seen.questions.count(("vllm", "Implausible")) == FAILURES + 1
    assert cascade.availability.status.reason is Reason.MODEL_ANSWERS
    calm = observation(symptoms=())
    assert (await cascade.extract(calm)).fault is Fault.HEALTHY


async def test_without_a_model_it_says_so(monkeypatch):
    monkeypatch.setattr(factory, "_encoder", Encoder)
    for name in ("rules", "encoder"):
        cascade = factory.assemble(SemanticsSettings(name))
        assert cascade.availability.status.reason is Reason.NOT_CONFIGURED
        await asyncio.wait_for(cascade.watch(), 1)
    assert (await cascade.extract(observation())).fault is Fault.OVERLOAD


@pytest.mark.parametrize("extractor", ["encoder", "hybrid"])
async def test_a_storm_that_takes_longer_than_the_deadline_is_read_by_the_encoder_all_the_same(
    monkeypatch, extractor
):
    monkeypatch.setattr(factory, "_encoder", lambda: Encoder(seconds=0.1))
    settings = SemanticsSettings(extractor, "http://127.0.0.1:9", "away", encoder_deadline_seconds=1.0)
    cascade = factory.assemble(settings)
    states = await asyncio.gather(*(cascade.extract(observation(incident=f"{at}")) for at in range(16)))
    assert {state.fault for state in states} == {Fault.OVERLOAD}
    assert not cascade.left_alone
    await cascade.aclose()


@pytest.mark.parametrize("deadline", [4.0])
async def test_a_server_with_more_questions_than_it_has_time_for_is_not_taken_for_dead(made):
    cascade, server, _ = made
    server.always = fake.slow(2.5)
    said = (f"cause {letter} of another kind {letter}{letter}" for letter in "abcdefghjk")
    logs = ((LogLine(index=0, pod="front-0", container="app", text=text),) for text in said)
    await asyncio.gather(*(cascade.extract(observation(logs=each)) for each in logs))
    assert cascade.availability.status.available
    server.always = fake.Behaviour()
    assert (await cascade.extract(observation(incident="later"))).source is Source.VLLM


async def test_in_a_storm_the_answer_of_a_model_is_not_lost_to_the_line_before_the_encoder(
    monkeypatch,
):
    monkeypatch.setattr(factory, "_encoder", lambda: Encoder(seconds=0.2))
    async with fake.FakeVllm() as server:
        settings = SemanticsSettings(
            "hybrid", server.url, server.model, deadline_seconds=2.0, encoder_deadline_seconds=1.0
        )
        cascade = factory.assemble(settings)

        async def begun(at):
            await asyncio.sleep(0.02 * at)
            return await cascade.extract(observation(incident=f"{at}"))

        states = await asyncio.gather(*(begun(at) for at in range(16)))
        assert {state.source for state in states} <= {Source.VLLM, Source.HYBRID}
        assert not cascade.left_alone
        await cascade.aclose()


def test_a_model_without_an_address_is_a_mistake(monkeypatch):
    monkeypatch.setattr(factory, "_encoder", Encoder)
    with pytest.raises(ValueError, match="address"):
        factory.assemble(SemanticsSettings("vllm"))


@pytest.mark.parametrize(
    ("behaviour", "reason", "deadline"),
    [
        (fake.status(503), Reason.BUSY, 10.0),
        (fake.status(500), Reason.NOT_REACHED, 10.0),
        (fake.status(401), Reason.REFUSED, 10.0),
        (fake.TRUNCATED, Reason.MALFORMED, 10.0),
        (fake.slow(60), Reason.TOO_SLOW, 2.0),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_each_failure_falls_back_in_time_has_its_reason_and_recovers_by_itself(made, behaviour, reason):
    cascade, server, seen = made
    assert cascade.availability.status.reason.value == "NotAskedYet"
    server.always = behaviour
    started = time.monotonic()
    assert (await cascade.extract(observation())).fault is Fault.OVERLOAD
    assert time.monotonic() - started < 30, "the slow server answers after 60"
    assert (cascade.availability.status.available, cascade.availability.status.reason) == (False, reason)
    assert seen.calls == [("vllm", reason.value), ("encoder", "ok")]
    for number in range(FAILURES):
        await cascade.extract(observation(incident=f"{number}"))
    server.always = fake.Behaviour()
    async with asyncio.timeout(30):
        watching = asyncio.create_task(cascade.watch())
        while not cascade.availability.status.available:
            await asyncio.sleep(0.01)
        watching.cancel()
    state = await cascade.extract(observation())
    assert (state.fault, state.source) == (Fault.STORAGE_FAULT, Source.VLLM)
    assert cascade.availability.status.reason is Reason.MODEL_ANSWERS


@pytest.mark.parametrize("deadline", [0.6])
async def test_a_dead_server_costs_later_incidents_nothing(made, deadline):
    cascade, server, _ = made
    server.always = fake.slow(60)
    for _ in range(FAILURES):
        await cascade.extract(observation())
    started = time.monotonic()
    for _ in range(20):
        assert (await cascade.extract(observation())).fault is Fault.OVERLOAD
    assert time.monotonic() - started < 20 * deadline / 2, "none waited for the deadline"
    assert len(server.asked) == FAILURES


async def test_a_server_that_goes_is_noticed_without_an_incident_and_so_is_its_return(made):
    cascade, server, _ = made
    watching = asyncio.create_task(cascade.watch())
    try:
        async with asyncio.timeout(10):
            for reason, change in (
                (Reason.MODEL_ANSWERS, server.stop),
                (Reason.NOT_REACHED, server.start),
                (Reason.MODEL_ANSWERS, None),
            ):
                while cascade.availability.status.reason != reason.value:
                    await asyncio.sleep(0.01)
                if change:
                    await change()
    finally:
        watching.cancel()


@pytest.mark.parametrize("deadline", [60.0])  # five hundred windows are read meanwhile
async def test_a_storm_of_500_pods_of_one_cause_is_one_call(made):
    cascade, server, seen = made

    def pod(number):
        texts = (
            f"request {number} of 10.1.0.{number % 250} began",
            f"write /data/{number}: no space left on device",
        )
        lines = (LogLine(index=i, pod="front-0", container="app", text=text) for i, text in enumerate(texts))
        return observation(incident=f"i{number}", logs=tuple(lines))

    states = await asyncio.gather(*(cascade.extract(pod(number)) for number in range(1, 501)))
    assert {state.source for state in states} == {Source.VLLM}
    assert len(server.asked) == 1
    assert seen.calls == [("vllm", "ok")]


async def test_the_model_and_the_prompt_are_in_the_state(made):
    cascade, _, _ = made
    state = await cascade.extract(observation(time=NOW))
    assert state.model.id == "fake"
    assert len(state.model.version) == 8
