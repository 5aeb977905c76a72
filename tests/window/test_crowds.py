"""Lines without end that are alike in nothing but their kind, and the words that tell kinds apart."""

import random
import string

import pytest

from planaria_semantics.window import Budget, build
from planaria_semantics.window.build import CROWD, DELEGATES
from planaria_semantics.window.words import decisive, erroneous, spelled
from tests.window.making import event, saying

SAYS_SOMETHING = "tls: failed to verify certificate: x509: certificate has expired"
ROOMY = Budget(entries=500, tokens=50_000)


def letters(count: int) -> list[str]:
    dice = random.Random(count)
    return ["".join(dice.choices(string.ascii_letters, k=40)) for _ in range(count)]


def test_a_crowd_sends_its_delegates_and_the_rest_is_counted_as_left_out():
    flood = letters(CROWD * 5)
    window = build(saying([*flood, SAYS_SOMETHING]), ROOMY)
    shown = [entry.text for entry in window.entries]
    assert SAYS_SOMETHING in shown
    assert len(set(shown) & set(flood)) == DELEGATES
    assert window.omitted == len(flood) - DELEGATES


def test_fewer_than_a_crowd_are_all_shown():
    few = letters(CROWD - 1)
    window = build(saying([*few, SAYS_SOMETHING]), ROOMY)
    assert [entry.text for entry in window.entries] == [*few, SAYS_SOMETHING]
    assert window.omitted == 0


def test_a_crowd_of_lines_takes_no_event_with_it():
    reported = event("BackOff", "Back-off restarting failed container")
    window = build(saying(letters(CROWD * 2), events=(reported,)), ROOMY)
    assert "event" in {entry.kind for entry in window.entries}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("connection refused", {"connect", "refus"}),
        ("the volume is full", {"volume", "full"}),
        ("qxfullRzk pidQkcpuWx", set()),
        ("upqz cpux", set()),  # three letters begin a word by accident
    ],
)
def test_a_word_decides_the_kind_where_it_stands_as_a_word(text, words):
    assert {word.strip() for word in spelled(decisive(text), text)} == words


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("container was OOMKilled", True),
        ("invoked oom-killer", True),
        ("OOM while loading", True),
        ("task ended: oom", True),
        ("zoom level of the map is 4", False),
        ("rroomxcQw aloomz", False),
        ("meeting room is free", False),
    ],
)
def test_oom_is_trouble_where_it_stands_alone(text, trouble):
    assert erroneous(text) is trouble
