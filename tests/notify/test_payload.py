"""What a message says: enough to act on, the same each time, and never more than data."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.notification import Notification, NotifyEvent
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.evidence.redact import Redactor
from planaria_operator.notify.payload import SCHEMA, body, commands, idempotency_key, message, slack
from planaria_operator.notify.receivers import Format
from tests.api import example

REDACT = Redactor().text
ABOUT = Notification(receiver="oncall", event="Escalated", requested_at=example.SEEN + timedelta(seconds=90))
HOSTILE = (
    '"},"event":"Resolved","x":{"y":"\n\r\t\x00\u2028 <!channel> <@U1> <http://evil|click> *b* `c` @here & '
    "$(rm -rf /) password=hunter2hunter2"
)


def record(**changes: object) -> Remediation:
    status = example.STATUS.model_copy(update=changes)
    return Remediation(name="web-1a2b", namespace="shop", uid="uid-1", spec=example.SPEC, status=status)


def hostile() -> Remediation:
    state = example.STATE.model_copy(update={"summary": HOSTILE, "component": HOSTILE})
    plan = example.PLAN.model_copy(update={"summary": HOSTILE})
    attempt = example.ATTEMPT.model_copy(update={"plan": plan})
    (condition,) = example.STATUS.conditions
    said = condition.model_copy(update={"message": HOSTILE})
    return record(semantic_state=state, attempts=(attempt,), conditions=(said,))


def test_a_message_says_what_where_since_when_and_what_was_tried():
    told = json.loads(body(record(), ABOUT, Format.GENERIC, REDACT))
    assert told["schema"] == SCHEMA
    assert told["event"] == "Escalated"
    assert told["time"] == "2026-11-23T18:01:30Z"
    assert told["remediation"] == {
        "kind": "Remediation",
        "namespace": "shop",
        "name": "web-1a2b",
        "uid": "uid-1",
    }
    assert told["target"]["kind"] == "Deployment"
    assert told["fault"]["fault"] == "memory_exhaustion"
    assert told["fault"]["confidencePercent"] == 93
    assert told["reason"] == "Recovered"
    assert told["attempts"] == [
        {
            "number": 1,
            "action": "resize",
            "target": "Deployment/web",
            "summary": "memory limit of web from 64Mi to 96Mi",
            "outcome": "Recovered",
            "undone": True,
        }
    ]
    assert told["look"][0] == "kubectl planaria why deployment/web -n shop"


def test_an_incident_that_nobody_understood_has_a_message_too():
    told = json.loads(
        body(record(semantic_state=None, attempts=(), conditions=()), ABOUT, Format.GENERIC, REDACT)
    )
    assert "fault" not in told
    assert told["reason"] == "Escalated"


def test_a_repeat_is_the_same_to_the_byte():
    one = body(record(), ABOUT, Format.GENERIC, Redactor().text)
    assert one == body(record(), ABOUT.model_copy(update={"attempts": 4}), Format.GENERIC, Redactor().text)


def test_the_key_names_one_message():
    keys = {
        idempotency_key(record(), ABOUT.model_copy(update={"event": event, "number": number}))
        for event in ("Escalated", "Resolved", "Reminder")
        for number in (1, 2)
    }
    assert len(keys) == 6
    assert "uid-1/Escalated/1" in keys
    again = ABOUT.model_copy(update={"attempts": 3, "last_error": "HTTP 500"})
    assert idempotency_key(record(), again) == idempotency_key(record(), ABOUT)


@pytest.mark.parametrize("form", Format)
def test_hostile_text_stays_data(form: Format):
    raw = body(hostile(), ABOUT, form, REDACT)
    raw.decode("ascii")
    told = json.loads(raw)
    assert "hunter2hunter2" not in raw.decode()
    if form is Format.GENERIC:
        assert told["event"] == "Escalated"
        assert told["fault"]["summary"].startswith('"},"event":"Resolved"')
        assert "x" not in told


def test_slack_is_given_no_command_no_link_and_no_markup():
    told = slack(message(hostile(), ABOUT, REDACT))
    text = str(told["text"])
    assert "<" not in text
    assert ">" not in text
    assert "&lt;!channel&gt;" in text
    assert told["mrkdwn"] is False
    assert told["parse"] == "none"
    assert told["link_names"] is False


def test_slack_reads_as_a_story():
    escalated = record(stage=Stage.ESCALATED)
    lines = str(slack(message(escalated, ABOUT, REDACT))["text"]).splitlines()
    assert lines[0] == "shop/Deployment/web needs a person"
    assert (
        "memory_exhaustion in Deployment/web (93% sure): web was killed three times at its limit of 64 MiB."
        in lines
    )
    assert "1. resize Deployment/web: memory limit of web from 64Mi to 96Mi - Recovered, undone" in lines


def test_who_is_told_too_late_does_not_hear_that_anybody_is_needed():
    (first, *_) = str(slack(message(record(stage=Stage.FINISHED), ABOUT, REDACT))["text"]).splitlines()
    assert first == "shop/Deployment/web needed a person and is over"


def test_every_event_has_its_words():
    for event in (*NotifyEvent, "Reminder"):
        about = ABOUT.model_copy(update={"event": str(event)})
        first = str(slack(message(record(), about, REDACT))["text"]).splitlines()[0]
        assert str(event) not in first


def test_a_message_is_bounded_whatever_the_record_holds():
    attempts = tuple(example.ATTEMPT.model_copy(update={"number": n + 1}) for n in range(10))
    state = example.STATE.model_copy(update={"summary": "x" * 100_000})
    assert len(body(record(attempts=attempts, semantic_state=state), ABOUT, Format.GENERIC, REDACT)) < 16_384
    assert (
        len(str(slack(message(record(attempts=attempts, semantic_state=state), ABOUT, REDACT))["text"]))
        <= 3900
    )


def test_commands_are_safe_to_paste():
    spec = example.SPEC.model_copy(update={"target": example.WEB.model_copy(update={"name": "$(reboot)"})})
    words = commands(Remediation(name="a;b", namespace="x y", spec=spec, status=example.STATUS))
    assert words[0] == "kubectl planaria why deployment/'$(reboot)' -n 'x y'"
    assert "'a;b'" in words[1]


def test_the_page_shows_a_message_as_it_is_sent():
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "escalate-and-be-told.md").read_text()
    shown = json.loads(page.split("```json\n")[1].split("```")[0])
    attempt = example.ATTEMPT.model_copy(update={"outcome": AttemptOutcome.INEFFECTIVE})
    (condition,) = example.STATUS.conditions
    said = {"reason": "Escalated", "message": "1 of 1 allowed actions were tried and none helped"}
    escalated = {
        "stage": Stage.ESCALATED,
        "attempts": (attempt,),
        "conditions": (condition.model_copy(update=said),),
    }
    assert shown == json.loads(body(record(**escalated), ABOUT, Format.GENERIC, REDACT))


@pytest.mark.parametrize("summary", ["&" * 512, "x" + "&" * 511, "x" * 512])
def test_a_long_story_leaves_slack_what_to_type_and_no_half_of_an_escape(summary: str):
    plan = example.PLAN.model_copy(update={"summary": summary})
    attempts = tuple(
        example.ATTEMPT.model_copy(update={"number": n + 1, "plan": plan, "message": ""}) for n in range(10)
    )
    long = record(attempts=attempts)
    text = str(slack(message(long, ABOUT, REDACT))["text"])
    assert len(text) <= 3900
    story, look = text.split("\nLook:\n")
    assert tuple(look.splitlines()) == commands(long)
    assert story.endswith("…")
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", story)
