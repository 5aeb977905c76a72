"""Placeholders become values as systems print them."""

import random
import re

import pytest

from planaria_policy.semantics.fill import MAKERS, fill, masked

FORMS = {
    "ip": r"\d+\.\d+\.\d+\.\d+",
    "port": r"\d{2,5}",
    "pct": r"\d\d?%",
    "int": r"\d+",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "hex": r"[0-9a-f]{8,64}",
    "ms": r"\d+",
    "sec": r"\d+",
    "pid": r"\d+",
    "bytes": r"\d+",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d:\d\d:\d\d(\.\d+)?",
    "url": r"https?://\S+",
    "path": r"/\S+",
    "dur": r"[\d.]+(ms|s|m\d+s)",
    "size": r"[\d.]+ ?(Mi|GB|MB|Gi|K)",
    "image": r"\S+:\S+",
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_maker_makes_many_plain_values(name):
    draw = random.Random(4)
    made = [MAKERS[name](draw) for _ in range(200)]
    assert len(set(made)) > 3
    assert all(value and "\n" not in value and "<" not in value and "{" not in value for value in made)
    assert all(re.fullmatch(FORMS.get(name, r".+"), value) for value in made)


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_seed_makes_the_same(name):
    first, second = (fill(f"<{name}> <{name}>", random.Random(9)) for _ in range(2))
    assert first == second


def test_addresses_are_private_ones():
    draw = random.Random(2)
    assert {MAKERS["ip"](draw).split(".")[0] for _ in range(300)} == {"10", "172", "192"}


def test_what_is_no_placeholder_stays():
    text = "<module> <nil> <IP> <> a < b > c <redacted>"
    assert fill(text, random.Random(1)) == text


def test_each_occurrence_is_drawn_anew():
    assert len(set(fill("<uuid> <uuid> <uuid>", random.Random(1)).split())) == 3


def test_masked_is_equal_where_only_variables_differ():
    assert masked("Error 17 on <ip>") == masked("error 4 on <host>")
    assert masked("Error on <ip>") != masked("Warning on <ip>")
