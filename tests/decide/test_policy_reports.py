"""Reports to the policy service: sent once, in the background, with a result that is counted whatever happens."""

import asyncio

import pytest
from aiohttp import web

from planaria_contract import Action, Fault, Outcome, Precedent
from planaria_operator.api.healing_policy import DecideMode
from planaria_operator.api.reasons import Reason
from planaria_operator.decide import service as module
from planaria_operator.decide.choice import MOST_TRIED, Choice, consultation
from planaria_operator.decide.decider import Tried
from planaria_operator.decide.service import MOST_REPORTS, PolicyService
from planaria_operator.record.convert import decision as stored
from planaria_operator.record.convert import decision_record
from planaria_operator.telemetry import metrics
from tests.decide.test_policy_service import answer, situation

OUTCOME = Outcome(incident="shop/front-1@uid", recovered=True, seconds=84)


class Server:
    """A real HTTP server that counts what it is told."""

    def __init__(self):
        self.told, self.status, self.body = [], 202, {"kept": True, "reason": "Kept"}
        self.precedents, self.hold, self.url = (), None, ""

    async def outcomes(self, request):
        self.told.append(Outcome.from_json(await request.read()))
        if self.hold:
            await self.hold.wait()
        return web.json_response(self.body, status=self.status)

    async def decide(self, request):
        made = answer(await request.json()).model_copy(update={"precedents": self.precedents})
        return web.json_response({"decisions": [made.model_dump(mode="json")]})


@pytest.fixture
async def server():
    scripted = Server()
    app = web.Application()
    app.router.add_post("/v1/outcomes", scripted.outcomes)
    app.router.add_post("/v1/decide", scripted.decide)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


def counted(result):
    return metrics.REGISTRY.get_sample_value("planaria_policy_outcomes_total", {"result": result.value}) or 0


async def told(url, outcome=OUTCOME):
    """Which results were counted for one report."""
    before = {result: counted(result) for result in Reason}
    service = PolicyService(url, 0.25)
    Choice(service).tell(outcome)
    await service.aclose()
    return {
        result: counted(result) - before[result] for result in Reason if counted(result) != before[result]
    }


async def test_a_report_is_sent_once_and_whole(server):
    assert await told(server.url) == {Reason.OUTCOME_KEPT: 1}
    assert server.told == [OUTCOME]


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (202, {"kept": False, "reason": "UnknownIncident"}, Reason.OUTCOME_NOT_KEPT),
        (202, {"something": "else"}, Reason.POLICY_MALFORMED),
        (202, "no receipt", Reason.POLICY_MALFORMED),
        (400, {"reason": "NotAnOutcome"}, Reason.POLICY_MALFORMED),
        (404, {}, Reason.POLICY_MALFORMED),
        (503, {"kept": False, "reason": "QueueFull"}, Reason.POLICY_NOT_REACHED),
    ],
)
async def test_what_became_of_it_is_counted_and_it_is_not_sent_again(server, status, body, result):
    server.status, server.body = status, body
    assert await told(server.url) == {result: 1}
    assert len(server.told) == 1


async def test_a_service_that_is_away_costs_nothing_but_a_count(unused_tcp_port):
    assert await told(f"http://127.0.0.1:{unused_tcp_port}") == {Reason.POLICY_NOT_REACHED: 1}


async def test_what_comes_too_late_is_given_up(server, monkeypatch):
    monkeypatch.setattr(module, "REPORT_SECONDS", 0.2)
    server.hold = asyncio.Event()
    service = PolicyService(server.url, 0.25)
    before = counted(Reason.POLICY_TOO_SLOW)
    service.tell(OUTCOME)
    await asyncio.gather(*service._reports)
    assert counted(Reason.POLICY_TOO_SLOW) == before + 1
    server.hold.set()
    await service.aclose()


async def test_a_report_that_is_under_way_delays_no_decision_and_more_than_a_bound_are_dropped(server):
    server.hold = asyncio.Event()
    service = PolicyService(server.url, 5.0)
    choice, before = Choice(service), counted(Reason.OUTCOME_DROPPED)
    for _ in range(MOST_REPORTS + 3):
        choice.tell(OUTCOME)
    assert counted(Reason.OUTCOME_DROPPED) == before + 3
    assert (await choice.decide(situation())).category is Action.RESTART, "while the reports are held"
    assert len(service._reports) == MOST_REPORTS
    server.hold.set()
    await service.aclose()
    assert len(server.told) == MOST_REPORTS


async def test_failed_reports_do_not_close_the_service_for_questions(server):
    server.status, service = 503, PolicyService(server.url, 5.0)
    for _ in range(5):
        service.tell(OUTCOME)
    await asyncio.gather(*service._reports)
    assert (await Choice(service).decide(situation())).decided_by.value == "ppo"
    await service.aclose()


def test_without_a_service_nobody_is_told():
    Choice().tell(OUTCOME)  # outside any event loop: it would fail if it tried


async def test_precedents_stand_in_the_record_whoever_decided(server):
    server.precedents = tuple(
        Precedent(
            incident=f"shop/old-{number}@u", fault=Fault.OVERLOAD, did="scale target by 1.5",
            recovered=True, minutes=-1.5, similarity=0.91,
        )
        for number in range(3)
    )  # fmt: skip
    service = PolicyService(server.url, 5.0)
    for mode in (DecideMode.POLICY, DecideMode.SHADOW):
        decided = await Choice(service).decide(situation(mode=mode))
        record = decision_record(decided)
        assert [each.incident for each in record.precedents] == [
            f"shop/old-{number}@u" for number in range(3)
        ]
        first = record.to_body()["precedents"][0]
        assert (first["did"], first["lostSeconds"], first["similarityPercent"]) == (
            "scale target by 1.5", 90, 91,
        )  # fmt: skip
        assert stored(record).precedents == decided.precedents
    await service.aclose()


def test_a_question_names_its_incident_and_many_waits_push_no_action_out():
    tried = (Tried("restart", "restart x"), *[Tried("none", "none")] * 100)
    asked = consultation(situation(incident="shop/front-1@uid", tried=tried))
    assert asked.incident == "shop/front-1@uid"
    assert len(asked.tried) == MOST_TRIED
