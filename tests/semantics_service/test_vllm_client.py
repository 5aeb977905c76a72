"""Every way in which a server can fail, against a fake of it."""

import asyncio
import re
import time

import pytest

from planaria_contract import CLASSES, Fault, Source
from planaria_semantics.availability import Availability, Reason
from planaria_semantics.errors import Busy, Malformed, NotReached, Refused, TooSlow
from planaria_semantics.vllm import VllmClient, VllmReader, fake
from planaria_semantics.vllm.reliability import Reliability
from tests.semantics_service.windows import REFUSED, answer, window

DEADLINE = 5.0


@pytest.fixture
async def server():
    async with fake.FakeVllm(answer=answer()) as running:
        yield running


@pytest.fixture
async def ask(server):
    """Reads one window; keyword arguments are those of the client."""
    readers = []

    async def read(seen=None, **options):
        options.setdefault("deadline", DEADLINE)
        reader = VllmReader(VllmClient(server.url, options.pop("model", server.model), **options))
        readers.append(reader)
        return await reader.read(seen or window(REFUSED))

    yield read
    for reader in readers:
        await reader.aclose()


async def test_an_answer_becomes_an_opinion_that_is_believed_as_far_as_measured(server, ask):
    opinion = await ask(window("starting", REFUSED, first=4))
    assert opinion.ranked[0] is Fault.DEPENDENCY_UNAVAILABLE
    assert opinion.probabilities[Fault.DEPENDENCY_UNAVAILABLE] == pytest.approx(0.8)
    assert sum(opinion.probabilities.values()) == pytest.approx(1)
    assert [(item.kind, item.index, item.excerpt) for item in opinion.evidence] == [("log", 4, "starting")]
    assert (opinion.source, opinion.model.id, opinion.severity) == (Source.VLLM, "fake", 2)
    question = server.asked[0]
    assert (question["temperature"], question["seed"]) == (0, 0)
    assert (
        question["response_format"]["json_schema"]["schema"]["properties"]["evidence"]["items"]["maximum"]
        == 1
    )


async def test_the_model_has_no_say_in_how_sure_we_are(server, ask):
    server.script.extend([fake.says(answer(certainty=1)), fake.says(answer(certainty=100))])
    assert (await ask()).probabilities == (await ask()).probabilities


async def test_unknown_is_an_answer(server, ask):
    server.script.append(fake.says(answer(Fault.UNKNOWN, secondary="overload", evidence=[])))
    opinion = await ask()
    assert opinion.unknown
    assert opinion.ranked[0] is Fault.OVERLOAD
    assert opinion.novelty == 1.0


@pytest.mark.parametrize(
    ("behaviour", "error", "calls"),
    [
        (fake.status(500), NotReached, 2),
        (fake.status(502), NotReached, 2),
        (fake.status(503), Busy, 2),
        (fake.status(429), Busy, 2),
        (fake.DROPPED, NotReached, 2),
        (fake.status(400), Refused, 1),
        (fake.status(403), Refused, 1),
        (fake.status(404), Refused, 1),
        (fake.status(307), Refused, 1),
        (fake.TRUNCATED, Malformed, 1),
        (fake.MALFORMED, Malformed, 1),
        (fake.NO_JSON, Malformed, 1),
        (fake.Behaviour(body="{}"), Malformed, 1),
        (fake.Behaviour(body='{"choices": []}'), Malformed, 1),
        (fake.Behaviour(body='{"choices": [null]}'), Malformed, 1),
        (fake.Behaviour(body='{"choices": [{"finish_reason": "stop"}]}'), Malformed, 1),
        (fake.Behaviour(body='{"choices": 7}'), Malformed, 1),
        (fake.says("{}"), Malformed, 1),
        (fake.says(answer(extra=1)), Malformed, 1),
        (fake.says(answer(severity=4)), Malformed, 1),
        (fake.says(answer(severity="2")), Malformed, 1),
        (fake.says({**answer(), "fault": "meteorite"}), Malformed, 1),
        (fake.says(answer(evidence=[1])), Malformed, 1),
        (fake.says(answer(evidence=[-1])), Malformed, 1),
        (fake.slow(60), TooSlow, 1),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_each_failure_has_its_error_within_the_deadline(server, ask, behaviour, error, calls):
    server.always = behaviour
    started = time.monotonic()
    with pytest.raises(error) as caught:
        await ask()
    assert caught.type is error
    assert time.monotonic() - started < 30
    assert len(server.asked) == calls
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("behaviour", [fake.status(500), fake.status(503), fake.DROPPED])
async def test_what_passes_in_a_moment_is_tried_once_more(server, ask, behaviour):
    server.script.append(behaviour)
    assert (await ask()).ranked[0] is Fault.DEPENDENCY_UNAVAILABLE
    assert len(server.asked) == 2


async def test_nobody_listens(server, ask):
    await server.stop()
    with pytest.raises(NotReached, match="cannot be reached"):
        await ask()


async def test_a_wrong_key_is_told_and_a_rotated_one_taken_up(server, ask, tmp_path):
    server.key = "new"
    key = tmp_path / "key"
    key.write_text("old\n")
    with pytest.raises(Refused, match="API key"):
        await ask(api_key_file=key)
    key.write_text("new\n")
    assert (await ask(api_key_file=key)).ranked[0] is Fault.DEPENDENCY_UNAVAILABLE
    with pytest.raises(Refused, match="cannot be read"):
        await ask(api_key_file=tmp_path / "none")


@pytest.mark.parametrize(
    "content",
    [b"sk-hidden\nof-before\n", b"sk-hidden\x00", "sk-hidden\n".encode("utf-16"), b"sk-hidden-\xe9"],
    ids=["two lines", "a control", "UTF-16", "Latin-1"],
)
async def test_a_key_that_cannot_be_sent_is_told_by_its_file_and_never_quoted(server, ask, tmp_path, content):
    key = tmp_path / "key"
    key.write_bytes(content)
    for question in (ask(api_key_file=key), VllmClient(server.url, server.model, api_key_file=key).check()):
        with pytest.raises(Refused, match=str(key)) as told:
            await question
        assert "hidden" not in str(told.value)


async def test_a_key_that_an_editor_marked_as_utf_8_is_read(server, ask, tmp_path):
    server.key = "new"
    key = tmp_path / "key"
    key.write_text("new\r\n", encoding="utf-8-sig")
    assert (await ask(api_key_file=key)).ranked[0] is Fault.DEPENDENCY_UNAVAILABLE


@pytest.mark.parametrize("host", ["[::1]:1", "127.0.0.1:1"])
async def test_a_password_in_the_address_is_not_told(host):
    client = VllmClient(f"http://planaria:hidden@{host}/v1/", "m")
    with pytest.raises(NotReached, match=f"http://{re.escape(host)}/v1 cannot be reached") as told:
        await client.check()
    assert "hidden" not in str(told.value)


async def test_a_wrong_model_is_found_by_the_probe_before_it_is_asked(server):
    reader = VllmReader(VllmClient(server.url, "other"))
    with pytest.raises(Refused, match="it serves: fake"):
        await reader.probe()
    assert server.asked == []
    await reader.aclose()


@pytest.mark.parametrize(
    "body", ["<html>login</html>", '{"data": [{"x": 1}]}', '{"data": [7]}', '{"data": 7}', "[]", "null", "{"]
)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
async def test_a_probe_of_what_is_no_such_server_is_malformed_and_no_bug(server, body, kind, caplog):
    server.models = fake.Behaviour(body=body, kind=kind)
    reader = VllmReader(VllmClient(server.url, server.model))
    status = await Availability(reader.probe).check()
    await reader.aclose()
    assert (status.available, status.reason) == (False, Reason.MALFORMED)
    assert server.url in status.message
    assert "Traceback" not in caplog.text


async def test_a_probe_asks_one_question(server):
    reader = VllmReader(VllmClient(server.url + "/v1/", server.model))
    await reader.probe()
    assert len(server.asked) == 1
    await reader.aclose()


async def test_an_embedding_decides_on_novelty(server):
    class Far:
        def novelty(self, seen):
            return 0.99

    reader = VllmReader(VllmClient(server.url, server.model), novelty=Far())
    opinion = await reader.read(window(REFUSED))
    assert (opinion.novelty, opinion.unknown) == (0.99, True)
    opinion = await reader.read(window(REFUSED, facts=[(Fault.DEPENDENCY_UNAVAILABLE, "no endpoints")]))
    assert (opinion.novelty, opinion.unknown) == (0.99, False)
    await reader.aclose()


async def test_the_second_class_takes_half_of_what_is_left():
    row = Reliability.unmeasured().probabilities(Fault.OVERLOAD, Fault.CPU_SATURATION)
    assert row[Fault.OVERLOAD] == pytest.approx(0.8)
    assert row[Fault.CPU_SATURATION] > 0.1
    assert sum(row.values()) == pytest.approx(1)


async def test_a_measured_model_is_believed_as_far_as_it_was_right():
    measured = Reliability.of_counts({"overload": {"overload": 30, "cpu_saturation": 54}})
    row = measured.probabilities(Fault.OVERLOAD)
    assert row[Fault.OVERLOAD] == pytest.approx(31 / 100)
    assert row[Fault.CPU_SATURATION] == pytest.approx(55 / 100)
    assert row[Fault.HEALTHY] == pytest.approx(1 / 100)
    assert measured.probabilities(Fault.HEALTHY)[Fault.HEALTHY] == pytest.approx(0.8)
    assert set(row) == set(CLASSES)


async def test_a_question_given_up_is_closed(server, ask):
    server.always = fake.slow(30)
    task = asyncio.create_task(ask(deadline=30))
    while not server.asked:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
