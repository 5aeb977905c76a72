"""Text from logs and objects is hostile, and a terminal must not be steered by it. Spans of time as kubectl writes them."""

import io
import json
import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_kubectl.clean import clean
from planaria_kubectl.diff.report import Live, recorded
from planaria_kubectl.diff.view import render as render_diff
from planaria_kubectl.screen import rendered, table, terminal, text
from planaria_kubectl.status.report import summarised
from planaria_kubectl.status.view import render as render_status
from planaria_kubectl.times import parse_span, span
from planaria_kubectl.why.report import explained
from planaria_kubectl.why.view import render as render_why
from planaria_operator.api.remediation import Remediation
from tests import builders
from tests.builders import NOW
from tests.kubectl_plugin.worlds import FRONT, TARGET, pause, record, seen, world

HOSTILE = "\x1b[2J\x1b]0;owned\x07 \x9b31m [bold red]markup[/] :boom: \u202egnp.exe \u200b\r\n[/link] \x1b]8;;http://evil\x1b\\x"
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def steering(printed: str) -> list[str]:
    """Characters that could move a cursor, colour, reorder or hide something; a newline of our own is none."""
    return [each for each in printed if each != "\n" and unicodedata.category(each) in FORBIDDEN]


@given(st.text(st.characters(), max_size=60))
def test_nothing_that_steers_a_terminal_is_left(words):
    assert steering(clean(words)) == []
    assert "\n" not in clean(words)


def test_what_is_readable_stays_as_it_is():
    assert clean("Grüße, 世界: [a] 100% \\ok") == "Grüße, 世界: [a] 100% \\ok"


def hostile(remediation: Remediation) -> Remediation:
    """With the hostile text in every text that the record holds, except where the schema allows only names."""

    def spoil(tree, limit=60):
        if isinstance(tree, dict):
            limits = {key: 16 if key in SHORT else 60 for key in tree}
            return {
                key: spoil(value, limits[key]) if key not in KEPT else value for key, value in tree.items()
            }
        if isinstance(tree, list):
            return [spoil(item) for item in tree]
        return f"{HOSTILE}{tree}"[:limit] if isinstance(tree, str) else tree

    status = type(remediation.status).model_validate(spoil(remediation.status.model_dump(mode="json")))
    return remediation.model_copy(update={"status": status})


SHORT = {"source", "scope", "resource", "decided_by", "station", "event"}
KEPT = {
    *("stage", "action", "fault", "secondary", "status", "outcome", "verb", "body", "number", "attempt"),
    *("kind", "name", "namespace", "uid", "last_transition_time", "reserved_at", "applied_at", "finished_at"),
    *("reverted_at", "time", "next_check_at", "healthy_since", "recovered_at", "understood_at"),
    *("entered_at", "state", "requested_at", "next_try_at", "sent_at", "begun_at", "progress_at"),
    *("verdict", "planned_at", "proposed_at", "expires_at", "approved_at"),
}


@pytest.fixture
def spoilt():
    policy = seen(builders.policy(labels={"tier": HOSTILE[:63]}))
    made = world(FRONT, policies=(policy,), records=(hostile(record()),))
    made.pauses["shop", "default"] = (pause(HOSTILE, HOSTILE),)
    made.notes.append(HOSTILE)
    return made


@pytest.mark.parametrize("width", [60, 200])
def test_hostile_text_in_a_record_reaches_the_screen_without_its_power(spoilt, width):
    (remediation,) = spoilt.remediations
    views = (
        render_status(summarised(spoilt, "shop", NOW)),
        render_why(explained(spoilt, TARGET, "front", timedelta(hours=1), NOW)),
        render_diff(recorded(remediation, remediation.status.attempts[0], Live({}), NOW)),
    )
    for view in views:
        printed = rendered(view, terminal(width, colours=False))
        assert steering(printed) == []
        assert "\ufffd" in printed, "the hostile text was not printed at all, so nothing was tested"
    assert "[bold red]markup[/]" in rendered(views[1], terminal(200, colours=False)), (
        "read as markup, or lost"
    )


def test_json_is_ascii_whatever_stands_in_the_record(spoilt):
    body = explained(spoilt, TARGET, "front", timedelta(hours=1), NOW).to_body()
    printed = json.dumps(body, indent=2)
    assert printed.isascii()
    assert steering(printed) == []
    assert json.loads(printed) == body


def test_colours_only_where_somebody_looks(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    words = text("refuses", "red")
    assert "\x1b[31m" in rendered(words, terminal(80, colours=True))
    assert rendered(words, terminal(80, colours=False)) == "refuses\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in rendered(words, terminal(80, colours=True))


def test_a_table_keeps_whole_words_and_aligns_wide_letters():
    rows = [("世界", "Deployment/" + "x" * 60, "a"), ("ab", "y", "")]
    lines = rendered(table(("NAME", "TARGET", "END"), rows), terminal(30, colours=False)).splitlines()
    assert "x" * 60 in lines[1]
    assert lines[2].startswith("ab     y")
    assert lines[2].endswith("-")
    assert lines[1].startswith("世界   Deployment/")


def test_a_pipe_gets_no_padding():
    assert rendered(text("a" * 100), terminal(4096, colours=False)) == "a" * 100 + "\n"
    assert io.StringIO().isatty() is False


@pytest.mark.parametrize(
    ("words", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("1h30m", 5400)]
)
def test_spans_of_time(words, seconds):
    assert parse_span(words).total_seconds() == seconds


@pytest.mark.parametrize(
    "words",
    ["", "5", "h", "-1h", "1 h", "1w", "1h x", "36501d", "3000000d", "9" * 30 + "d", "9" * 5000 + "d"],
)
def test_what_is_no_span_of_time_says_how_to_write_one(words):
    with pytest.raises(ValueError, match="span of time"):
        parse_span(words)


def test_the_longest_span_of_time_is_one_that_can_be_added_to_any_moment_of_now():
    longest = parse_span("36500d")
    assert NOW - longest < NOW + longest


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0s"), (0, "0s"), (95, "95s"), (125, "2m"), (7300, "2h"), (200000, "2d")]
)
def test_spans_are_written_as_kubectl_writes_them(seconds, words):
    assert span(seconds) == words
