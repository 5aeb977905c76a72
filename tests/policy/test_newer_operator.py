"""An operator that is one version ahead: what the service does not know of its words costs no answer."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from planaria_contract import Fault
from planaria_policy.serving.app import Service
from planaria_policy.serving.newer import Newer
from planaria_policy.serving.selftest import cases
from planaria_policy.serving.shelf import Shelf

GREMLINS = {"kind": "GremlinsSeen", "subject": {"kind": "Pod", "name": "x"}, "since": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def service():
    return Service(Shelf())


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def answer(handler: Handler, body: Any) -> tuple[int, Any]:
    """Status and message. `body`: bytes, or what becomes JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def receive():
        return {"type": "http.request", "body": sent, "more_body": False}

    told = asyncio.run(handler(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    return told.status_code, json.loads(bytes(told.body))


@pytest.fixture
def known():
    return json.loads(cases()[0].asked.to_json())


def ahead(known):
    """The same question with one symptom, mask and step more, all of words that are not known here."""
    asked = json.loads(json.dumps(known))
    asked["observation"]["symptoms"].append(GREMLINS)
    asked["masks"] = [*asked["masks"], {"category": "levitate", "reason": "NotAllowed"}]
    asked["tried"] = [*asked.get("tried", []), {"category": "levitate", "power": 11}]
    asked["state"]["secondary"] = "gremlins"
    return asked


@pytest.mark.parametrize("many", [False, True], ids=["one", "a list"])
def test_words_that_only_a_newer_operator_knows_change_nothing_of_the_answer(service, known, many):
    known["state"].pop("secondary", None)
    (status, plain), (also, told) = (
        answer(service.decide, [each] if many else each) for each in (known, ahead(known))
    )
    assert (status, also) == (200, 200), told
    (one,), (other,) = plain["decisions"], told["decisions"]
    assert (one["parameters"], one["probabilities"]) == (other["parameters"], other["probabilities"])


@pytest.mark.parametrize("secondary", [None, "unknown", "gremlins"])
def test_a_fault_that_only_a_newer_operator_knows_is_read_as_unknown(service, known, secondary, monkeypatch):
    seen, think = [], service.shelf.brain.think

    def thinking(asked, encoded):
        seen.extend(asked)
        return think(asked, encoded)

    monkeypatch.setattr(service.shelf.brain, "think", thinking)
    known["state"] |= {"fault": "gremlins", "secondary": secondary}
    assert answer(service.decide, known)[0] == 200
    assert [(each.state.fault, each.state.secondary) for each in seen] == [(Fault.UNKNOWN, None)]


def test_each_unknown_word_is_logged_once(service, known, caplog):
    known["observation"]["symptoms"].append({**GREMLINS, "kind": "ImpsSeen"})
    for _ in range(3):
        assert answer(service.decide, known)[0] == 200
    assert [each for each in caplog.messages if "ImpsSeen" in each] == [
        "a newer operator says 'ImpsSeen', which this version does not know; the rest is read"
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("state", "fault"), 7),
        (("masks",), 7),
        (("observation", "symptoms"), [7]),
        (("state", "severity"), 9),
    ],
)
def test_what_is_wrong_otherwise_is_refused_with_its_field(service, known, path, value):
    *way, last = path
    place = known
    for name in way:
        place = place[name]
    place[last] = value
    known["observation"]["symptoms"] += [GREMLINS] if path[-1] != "symptoms" else []
    status, told = answer(service.decide, known)
    assert (status, told["reason"]) == (400, "NotAConsultation")
    assert told["message"].startswith(".".join(path))


def test_what_is_no_json_for_one_of_two_readers_is_refused(service, known):
    assert answer(service.decide, {**known, "state": float("nan")})[0] == 400


def test_a_known_question_is_not_read_twice(service, known, monkeypatch):
    monkeypatch.setattr(Newer, "understood", lambda *_: pytest.fail("looked through"))
    assert answer(service.decide, known)[0] == 200


def test_an_outcome_of_a_fault_that_only_a_newer_operator_knows_is_taken(service, known):
    told = {
        "incident": "i",
        "state": {**known["state"], "fault": "gremlins"},
        "recovered": True,
        "seconds": 5,
    }
    status, receipt = answer(service.outcomes, told)
    assert (status, receipt["reason"]) == (202, "NoMemory")
