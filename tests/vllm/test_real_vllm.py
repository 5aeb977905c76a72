"""A real vLLM, and what it does when things go wrong. Each failure ends in the fallback, in time, and passes by itself."""

import asyncio
import random
import signal
import string
import time
from contextlib import asynccontextmanager

import pytest

from planaria_contract import Fault, LogLine, Source
from planaria_semantics.availability import Reason
from planaria_semantics.vllm import reader as reader_module
from planaria_semantics.window.build import CROWD, build
from tests.builders import observation
from tests.semantics.test_situations import SITUATIONS, bad_configuration, dependency_at_zero
from tests.vllm.real_server import MODEL

# The first of them makes the model on a new machine.
pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]
DEADLINE = 4.0
"""Of the tests that wait for it to pass."""
SLACK = 8.0
"""Seconds that a busy machine may need to notice."""


def logged(*texts, incident="i", **fields):
    lines = (
        LogLine(index=number, pod="front-0", container="app", text=text) for number, text in enumerate(texts)
    )
    return observation(incident=incident, logs=tuple(lines), **fields)


def gibberish(dice, length):
    return "".join(dice.choices(string.ascii_letters, k=length))


async def falls_back(cascade, seen, reason, *, within=DEADLINE):
    started = time.monotonic()
    state = await cascade.extract(seen)
    assert time.monotonic() - started < within + SLACK
    assert state.source is Source.ENCODER
    status = cascade.availability.status
    assert (status.available, status.reason) == (False, reason), status.message
    return status


@asynccontextmanager
async def recovering(cascade, *, within=60.0):
    """On leaving, the model has come back by the probes alone."""
    watching = asyncio.create_task(cascade.watch())
    try:
        yield
        async with asyncio.timeout(within):
            while not cascade.availability.status.available:
                await asyncio.sleep(0.05)
    finally:
        watching.cancel()
    assert (await cascade.extract(dependency_at_zero())).source is Source.VLLM


@pytest.mark.parametrize(("situation", "fault"), [(each[0], each[1]) for each in SITUATIONS], ids=lambda value: getattr(value, "__name__", None))  # fmt: skip
async def test_the_faults_of_the_scenarios_are_understood(assemble, situation, fault):
    cascade, observer = assemble()
    seen = situation()
    state = await cascade.extract(seen)
    assert observer.calls == [("vllm", "ok")]
    assert (state.source, state.fault) == (Source.VLLM, fault)
    assert state.model.id == MODEL
    assert state.refers_into(seen)
    assert cascade.availability.status.reason is Reason.MODEL_ANSWERS


async def test_ten_of_ten_answers_are_of_the_schema_whatever_the_evidence(assemble):
    cascade, observer = assemble()
    dice = random.Random(5)
    for number in range(10):
        texts = [
            gibberish(dice, 30) + " " + dice.choice(["{", "\\", '"fault":', "\u4e16"]) for _ in range(number)
        ]
        await cascade.extract(logged(*texts, symptoms=()))
    assert [outcome for _, outcome in observer.calls] == ["ok"] * 10


async def test_the_beginning_of_the_prompt_is_found_in_the_servers_cache(assemble, server):
    cascade, _ = assemble()
    await cascade.extract(logged("one cause"))
    before = server.metric("vllm:prefix_cache_hits_total")
    await cascade.extract(logged("quite another one"))
    assert server.metric("vllm:prefix_cache_hits_total") - before >= 128


async def test_500_pods_of_one_cause_cost_at_most_8_calls(assemble, server):
    cascade, observer = assemble()
    before = server.metric("vllm:request_success_total")
    storm = [
        logged(
            f"request {number}{number} started",
            f"dial tcp 10.96.{number % 250}.{number % 199}:8080: connect: connection refused",
            incident=f"i{number}",
            symptoms=(),  # so that whatever the small model makes of it is plausible
        )
        for number in range(500)
    ]
    states = await asyncio.gather(*(cascade.extract(each) for each in storm))
    assert {state.source for state in states} == {Source.VLLM}
    assert len({state.fault for state in states}) == 1
    assert all(state.refers_into(seen) for state, seen in zip(states, storm, strict=True))
    assert len(observer.calls) <= 8
    assert server.metric("vllm:request_success_total") - before <= 8


# --- the failures


async def test_a_wrong_key(assemble, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    cascade, _ = assemble(api_key_file=wrong, deadline_seconds=DEADLINE)
    status = await falls_back(cascade, bad_configuration(), Reason.REFUSED)
    assert "API key" in status.message
    async with recovering(cascade):
        wrong.write_text((tmp_path / "key").read_text())


async def test_a_wrong_model(assemble):
    cascade, _ = assemble(vllm_model="another", deadline_seconds=DEADLINE)
    await falls_back(cascade, bad_configuration(), Reason.REFUSED)
    assert f"it serves: {MODEL}" in (await cascade.availability.check()).message


async def test_a_prompt_longer_than_the_context(assemble):
    cascade, observer = assemble(deadline_seconds=DEADLINE)
    dice = random.Random(6)
    long = logged(*(" ".join(gibberish(dice, 8) for _ in range(40)) for _ in range(CROWD - 1)))
    await falls_back(cascade, long, Reason.REFUSED)
    assert observer.calls[0] == ("vllm", "Refused")
    async with recovering(cascade):
        pass


async def test_an_answer_cut_off(assemble):
    cascade, _ = assemble(answer_tokens=5, deadline_seconds=DEADLINE)
    status = await falls_back(cascade, bad_configuration(), Reason.MALFORMED)
    assert "length" in status.message


async def test_an_answer_of_another_form(assemble, monkeypatch):
    other = {
        "type": "object",
        "properties": {"note": {"type": "integer", "minimum": 0, "maximum": 9}},
        "required": ["note"],
        "additionalProperties": False,
    }
    cascade, _ = assemble(deadline_seconds=DEADLINE)
    with monkeypatch.context() as patched:
        patched.setattr(reader_module, "answer_schema", lambda _: other)
        await falls_back(cascade, bad_configuration(), Reason.MALFORMED)
    async with recovering(cascade):
        pass


async def test_an_overfull_queue(assemble, server, monkeypatch):
    cascade, observer = assemble(concurrency=40, deadline_seconds=10.0)
    before = server.metric("vllm:admission_rejections_total")
    dice = random.Random(7)
    many = [logged(gibberish(dice, 40), gibberish(dice, 40), symptoms=()) for _ in range(40)]
    assert len({build(each).key for each in many}) == 40
    told = set()
    # At each call: by the time a caller has its state, another call may have succeeded.
    monkeypatch.setattr(
        observer,
        "called",
        lambda _, outcome: told.add((outcome, cascade.availability.status.reason)),
    )
    server.signal(signal.SIGSTOP)  # or a quick machine answers one before the next has come
    try:
        asking = asyncio.gather(*(cascade.extract(each) for each in many))
        await asyncio.sleep(1.0)
    finally:
        server.signal(signal.SIGCONT)
    states = await asking
    assert {state.source for state in states} == {Source.VLLM, Source.ENCODER}
    assert ("Busy", Reason.BUSY) in told
    assert server.metric("vllm:admission_rejections_total") > before
    async with recovering(cascade):
        pass


async def test_a_server_that_does_not_answer_in_time(assemble, server):
    cascade, _ = assemble(deadline_seconds=DEADLINE)
    server.signal(signal.SIGSTOP)
    try:
        await falls_back(cascade, bad_configuration(), Reason.TOO_SLOW)
    finally:
        server.signal(signal.SIGCONT)
    async with recovering(cascade):
        pass


async def test_a_server_that_is_killed_while_it_answers_and_starts_again(assemble, server):
    cascade, observer = assemble(deadline_seconds=DEADLINE)
    server.signal(signal.SIGSTOP)
    asking = asyncio.create_task(falls_back(cascade, bad_configuration(), Reason.NOT_REACHED))
    await asyncio.sleep(0.5)
    server.stop()
    try:
        await asking
    finally:
        server.start()  # others use it after this test
    assert (await falls_back(cascade, dependency_at_zero(), Reason.NOT_REACHED)).message
    async with recovering(cascade, within=240.0):
        pass
    assert {outcome for _, outcome in observer.calls} == {"NotReached", "ok"}
    assert (await cascade.extract(dependency_at_zero())).fault is Fault.DEPENDENCY_UNAVAILABLE
