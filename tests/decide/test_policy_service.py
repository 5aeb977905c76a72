"""The operator's side of the policy service: deadline, fallback, condition, and no trust in the other side's masks."""

import asyncio
import json
import time
from dataclasses import replace

import pytest
from aiohttp import web

from planaria_contract import (
    Action,
    AlertFact,
    Decider,
    Decision,
    EventFact,
    Evidence,
    LogLine,
    Mask,
    ModelVersion,
    Restart,
    Rollback,
)
from planaria_operator.api.healing_policy import DecideMode
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.choice import Choice, consultation
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.service import Malformed, NotReached, PolicyService, TooSlow
from planaria_operator.reconcile.policy_status import policy_service
from planaria_policy.spaces.encode import encode
from planaria_semantics.circuit import FAILURES
from tests.builders import observation, state, symptom

DEADLINE = 1.0
WORDS = "login of jane@example.com failed"


def situation(**fields):
    fields.setdefault("mode", DecideMode.POLICY)
    return Situation(observation=observation(), state=state(), **fields)


def answer(asked, parameters=None):
    parameters = parameters or Restart(scope="workload")
    return Decision(
        parameters=parameters, target=asked["observation"]["target"], decided_by=Decider.PPO,
        probabilities={parameters.category: 0.9, Action.NONE: 0.1}, model=ModelVersion(id="ppo", version="1"),
    )  # fmt: skip


class Server:
    """A real HTTP server whose answer a test scripts."""

    def __init__(self):
        self.asked, self.status, self.delay, self.body, self.parameters = [], 200, 0.0, None, None
        self.url, self.stop = "", None

    async def handle(self, request):
        self.asked.append(await request.json())
        await asyncio.sleep(self.delay)
        told = {"decisions": [answer(self.asked[-1], self.parameters).model_dump(mode="json")]}
        return web.json_response(self.body if self.body is not None else told, status=self.status)


@pytest.fixture
async def server():
    scripted = Server()
    app = web.Application()
    app.router.add_post("/v1/decide", scripted.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    scripted.stop = runner.cleanup
    yield scripted
    await runner.cleanup()


@pytest.fixture
async def service(server):
    asked = PolicyService(server.url, DEADLINE)
    yield asked
    await asked.aclose()


async def test_in_policy_mode_the_service_decides(service):
    decision = await Choice(service).decide(situation())
    assert decision.decided_by is Decider.PPO
    assert decision.category is Action.RESTART
    assert policy_service(service).available
    assert policy_service(service).reason is Reason.POLICY_ANSWERS


async def test_in_shadow_mode_the_rules_decide_and_the_other_answer_stands_beside(service):
    decision = await Choice(service).decide(situation(mode=DecideMode.SHADOW))
    assert decision.decided_by is Decider.RULES
    assert decision.shadow
    assert decision.shadow.category is Action.RESTART
    assert decision.shadow.probability == 0.9


async def test_in_rules_mode_nobody_is_asked(server, service):
    decision = await Choice(service).decide(situation(mode=DecideMode.RULES))
    assert decision.decided_by is Decider.RULES
    assert decision.shadow is None
    assert server.asked == []


def wordy():
    """A situation with the same words in every place where an application's may stand."""
    subject = observation().target
    seen = observation(
        logs=(LogLine(index=0, pod="front-0", container="app", text=WORDS),),
        events=(EventFact(reason="Unhealthy", message=WORDS, subject=subject),),
        alerts=(AlertFact(name="FrontIsDown", summary=WORDS),),
        symptoms=(symptom(message=WORDS),),
        missing=(f"metrics: {WORDS}",),
    )
    read = state(summary=WORDS, evidence=(Evidence(kind="log", index=0, excerpt=WORDS),))
    return replace(situation(), observation=seen, state=read)


async def test_no_word_of_an_application_reaches_the_service(server, service):
    await Choice(service).decide(wordy())
    assert WORDS not in json.dumps(server.asked[0])


def test_the_policy_sees_the_same_without_the_words():
    found = wordy()
    asked = consultation(found)
    told, whole = (
        encode(asked),
        encode(asked.model_copy(update={"observation": found.observation, "state": found.state})),
    )
    assert told.facts.tolist() == whole.facts.tolist()
    assert told.nodes.tolist() == whole.nodes.tolist()
    assert {head: may.tolist() for head, may in told.legal.items()} == {
        head: may.tolist() for head, may in whole.legal.items()
    }


async def test_a_service_that_is_too_slow_costs_one_deadline_and_the_rules_decide(server, service):
    server.delay = 10.0
    began = time.monotonic()
    decision = await Choice(service).decide(situation())
    assert time.monotonic() - began < 5
    assert decision.decided_by is Decider.RULES
    assert policy_service(service).reason is Reason.POLICY_TOO_SLOW
    with pytest.raises(TooSlow):
        await service.ask(consultation(situation()))


async def test_a_service_that_goes_away_is_left_alone_and_asked_again_when_it_is_back(server):
    now = [0.0]
    service = PolicyService(server.url, DEADLINE, clock=lambda: now[0])
    assert (await Choice(service).decide(situation())).decided_by is Decider.PPO
    server.status = 503
    for _ in range(FAILURES):
        assert (await Choice(service).decide(situation())).decided_by is Decider.RULES
    asked = len(server.asked)
    with pytest.raises(NotReached, match="left alone"):
        await service.ask(consultation(situation()))
    assert len(server.asked) == asked
    server.status, now[0] = 200, 1000.0
    assert (await Choice(service).decide(situation())).decided_by is Decider.PPO
    await server.stop()
    assert (await Choice(service).decide(situation())).decided_by is Decider.RULES
    assert not policy_service(service).available
    await service.aclose()


async def left_alone(server):
    """A service that has failed until it is asked no more, and its clock."""
    now, server.status = [0.0], 503
    service = PolicyService(server.url, DEADLINE, clock=lambda: now[0])
    for _ in range(FAILURES):
        assert (await Choice(service).decide(situation())).decided_by is Decider.RULES
    return service, now


async def test_a_service_that_is_away_for_days_is_still_only_left_alone(server):
    now = [0.0]
    await server.stop()
    service = PolicyService(server.url, DEADLINE, clock=lambda: now[0])
    for _ in range(1100):
        now[0] += 100.0
        with pytest.raises(NotReached):
            await service.ask(consultation(situation()))
    assert now[0] < service._circuit.closed_until < now[0] + 100
    await service.aclose()


async def test_many_questions_that_fail_in_one_moment_are_one_trouble(server):
    now = [0.0]
    service = PolicyService(server.url, DEADLINE, clock=lambda: now[0])
    server.status = 503
    asked = [Choice(service).decide(situation()) for _ in range(16)]
    assert {each.decided_by for each in await asyncio.gather(*asked)} == {Decider.RULES}
    server.status, now[0] = 200, 3.0
    assert (await Choice(service).decide(situation())).decided_by is Decider.PPO
    await service.aclose()


async def test_after_the_pause_one_question_tries_it_and_the_others_do_not_wait(server):
    service, now = await left_alone(server)
    now[0] = 1000.0
    await asyncio.gather(*(Choice(service).decide(situation()) for _ in range(16)))
    assert len(server.asked) == FAILURES + 1
    server.status, now[0] = 200, 2000.0
    assert (await Choice(service).decide(situation())).decided_by is Decider.PPO
    await service.aclose()


async def test_a_trial_that_is_given_up_does_not_keep_the_others_from_asking(server):
    service, now = await left_alone(server)
    server.status, server.delay, now[0] = 200, 10.0, 1000.0
    trial = asyncio.create_task(service.ask(consultation(situation())))
    while len(server.asked) == FAILURES:
        await asyncio.sleep(0.01)
    trial.cancel()
    await asyncio.wait([trial])
    server.delay = 0.0
    assert (await Choice(service).decide(situation())).decided_by is Decider.PPO
    await service.aclose()


@pytest.mark.parametrize(
    "body", [{}, {"decisions": []}, {"decisions": [{"parameters": {"category": "restart"}}]}, [1], "x"]
)
async def test_an_answer_that_is_no_decision_is_refused(server, service, body):
    server.body = body
    with pytest.raises(Malformed):
        await service.ask(consultation(situation()))
    assert service.reason is Reason.POLICY_MALFORMED


async def test_a_masked_answer_is_refused_whatever_the_service_says(server, service):
    server.parameters = Rollback(revision="1")
    masked = situation(masks=(Mask(category=Action.ROLLBACK, reason=Reason.NOT_ALLOWED_BY_POLICY.value),))
    with pytest.raises(Malformed, match="rollback, which is masked: NotAllowedByPolicy"):
        await service.ask(consultation(masked))
    assert (await Choice(service).decide(masked)).decided_by is Decider.RULES


async def test_a_client_error_is_told_and_not_taken_for_an_outage_of_the_network(server, service):
    server.status, server.body = 400, {"reason": "NotAConsultation"}
    with pytest.raises(Malformed, match="HTTP 400"):
        await service.ask(consultation(situation()))


def test_what_was_tried_is_asked_with_its_parameters():
    tried = (Tried("restart", "restart x", Restart(scope="workload")), Tried("none", "none"))
    assert [each.category for each in consultation(situation(tried=tried)).tried] == [
        Action.RESTART,
        Action.NONE,
    ]


def test_without_a_service_the_condition_says_so():
    known = policy_service(None)
    assert not known.available
    assert known.reason is Reason.POLICY_NOT_CONFIGURED
