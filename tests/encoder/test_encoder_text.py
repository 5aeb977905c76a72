"""What is done to log text before a model sees it."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_policy.semantics.corpus import load
from planaria_policy.semantics.fill import fill
from planaria_semantics.encoder.text import LONGEST, normalise

STABLE = 0.98
"""Share of the corpus for which a second pass changes nothing."""


def test_a_second_pass_changes_next_to_nothing():
    draw = random.Random(3)
    once = [normalise(fill(template.text, draw)) for template in draw.sample(load(), 3000)]
    assert sum(normalise(text) == text for text in once) >= STABLE * len(once)


@given(st.text(max_size=3 * LONGEST))
def test_any_text_becomes_one_bounded_line_in_lower_case(text):
    found = normalise(text)
    assert "\n" not in found
    assert "\x1b" not in found
    assert len(found) <= 20 * LONGEST  # a compatibility form can have 18 letters
    assert normalise(text) == found


@given(st.text(alphabet=st.characters(max_codepoint=126), max_size=4 * LONGEST))
def test_plain_text_grows_by_no_more_than_the_gaps_between_glued_words(text):
    assert len(normalise(text)) <= 2 * LONGEST


def test_of_a_long_text_the_beginning_and_the_end_are_kept():
    found = normalise("first " + "x " * 5000 + "last")
    assert found.startswith("first")
    assert found.endswith("last")


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-23T22:34:39.123Z",
        "2026-11-23 22:34:39,123",
        "2026/11/23 22:34:39",
        "Nov 23 22:34:39",
        "Mon, Nov 23 2026 22:34:39",
        "23/Nov/2026:22:34:39 +0000",
        "22:34:39.5",
        "[   12.345678]",
    ],
)
def test_moments_are_gone(moment):
    assert normalise(f"{moment} disk is full").strip("[] ") == "disk is full"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("pod 123e4567-e89b-12d3-a456-426614174000 gone", "uuid"),
        ("image sha256:9f86d081884c7d659a2feaa0c55ad015 gone", "digest"),
        ("at 0x7ffd1234 gone", "hex"),
        ("commit 3f2a9c81d0 gone", "hex"),
        ("peer 10.96.3.4 gone", "ip"),
        ("request 81273645 gone", "000000"),
    ],
)
def test_the_names_of_single_things_are_gone(text, mark):
    first, *_, last = text.split()
    assert normalise(text) == f"{first} {mark} {last}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("exited with code 137", "137"),
        ("upstream answered 503", "503"),
        ("lookup db on 10.96.0.10:53: no such host", ":53"),
        ("NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus", "79"),
        ("errno 28", "28"),
        ("disk usage 100%", "100%"),
        ("SQLSTATE 53300", "53300"),
        ("errors=0", "=0"),
    ],
)
def test_numbers_that_decide_stay(text, kept):
    assert kept in normalise(text)


def test_glued_words_come_apart_and_lines_are_joined():
    assert (
        normalise("OutOfMemoryError: heap\n\n  at JavaHeapSpace\n")
        == "out of memory error: heap | at java heap space"
    )


@pytest.mark.parametrize(
    "unit", ["a", "0", "-", ":", "1.", "[ ", "aB", "0-", "A1_", "\x1b[", "f" * 7 + "-", "12:"]
)
def test_no_text_takes_long(unit):
    started = time.thread_time()
    normalise(unit * 20_000)
    assert time.thread_time() - started < 0.5
