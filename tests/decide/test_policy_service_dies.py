"""The real policy service, stopped and killed under load: no question waits longer than its deadline, and all are decided."""

import asyncio
import os
import signal
import time
from contextlib import suppress

import numpy as np
import pytest

from bench.questions import question
from bench.service_process import service
from planaria_contract import Decider
from planaria_operator.api.healing_policy import DecideMode
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.choice import Choice
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.service import PolicyService

DEADLINE = 0.05
"""Seconds; the default of the operator."""
MARGIN = 0.02
RATE, BEFORE, MEANWHILE = 60, 0.7, 1.0
"""Questions a second, and how many seconds of them before and after the service is struck."""


class Heartbeat:
    """How late this process itself was: on a busy machine the client is not to blame for what the machine did."""

    def __init__(self):
        self.beats = []

    async def run(self):
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            self.beats.append((due, loop.time()))

    def late(self, begin, end):
        """Seconds that passed between `begin` and `end` without our getting a turn."""
        return sum(max(0.0, min(came, end) - max(due, begin)) for due, came in self.beats)


def situations(count):
    draws = np.random.default_rng(3)
    asked = [question(draws) for _ in range(count)]
    return [
        Situation(observation=each.observation, state=each.state, mode=DecideMode.POLICY) for each in asked
    ]


async def timed(choice, situation):
    begin = time.monotonic()
    decision = await choice.decide(situation)
    return begin, time.monotonic(), decision


async def ask(choice, waiting):
    """An open loop: what is late does not hold up what comes after."""
    tasks = []
    for situation in waiting:
        tasks.append(asyncio.create_task(timed(choice, situation)))
        await asyncio.sleep(1 / RATE)
    return await asyncio.gather(*tasks)


async def until_it_answers(choice, situation):
    """On a busy machine the first answers may come too late, and the client then pauses."""
    until = time.monotonic() + 30
    while (await choice.decide(situation)).decided_by is not Decider.PPO:
        assert time.monotonic() < until, "the service never answered in time"
        await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def bytecode(tmp_path_factory):
    return tmp_path_factory.mktemp("bytecode")


@pytest.fixture
def started(bytecode):
    with service(min(os.sched_getaffinity(0)), bytecode) as running:
        yield running
        with suppress(ProcessLookupError):
            running.process.send_signal(signal.SIGCONT)  # a stopped process does not end when it is told to


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
async def test_no_question_waits_longer_than_the_deadline(started, how):
    client, heart = PolicyService(started.address, DEADLINE), Heartbeat()
    beating = asyncio.create_task(heart.run())
    choice, waiting = Choice(client), situations(int(RATE * (BEFORE + MEANWHILE)))
    await until_it_answers(choice, waiting[0])
    asking = asyncio.create_task(ask(choice, waiting))
    await asyncio.sleep(BEFORE)
    struck = time.monotonic()
    started.process.send_signal(how)
    answers = await asking
    beating.cancel()
    await client.aclose()
    longest = max(end - begin - heart.late(begin, end) for begin, end, _ in answers)
    assert longest <= DEADLINE + MARGIN
    assert len(answers) == len(waiting), "every question is decided"
    after = [decision for begin, _, decision in answers if begin > struck]
    assert after
    assert {decision.decided_by for decision in after} == {Decider.RULES}
    assert client.reason in {Reason.POLICY_TOO_SLOW, Reason.POLICY_NOT_REACHED}
