"""The rules, and the window that every reader sees, under every attack."""

import time

import pytest

from planaria_contract import Observation
from planaria_semantics.rules import understand
from planaria_semantics.window import Budget, build, clean
from tests.attacks.catalogue import CATALOGUE
from tests.attacks.faults import FAULTS, expired_certificate
from tests.attacks.floods import FLOODS
from tests.attacks.inject import PLACES, decision, into_log, under

NUMBERED = list(enumerate(CATALOGUE))
NAMES = [attack.name for attack in CATALOGUE]
BUDGET = Budget()
SECONDS = 5.0
"""For one window of the worst flood, on a loaded machine; one of 10 lines takes milliseconds."""


def test_the_suite_is_large_and_has_all_kinds():
    assert len(CATALOGUE) >= 200
    assert len({attack.name for attack in CATALOGUE}) == len(CATALOGUE)
    assert len({attack.lines for attack in CATALOGUE}) == len(CATALOGUE)
    assert len({attack.kind for attack in CATALOGUE}) >= 20
    assert len(FAULTS) >= 6


@pytest.mark.parametrize(("situation", "fault", "component", "severity"), FAULTS, ids=lambda value: getattr(value, "__name__", None))  # fmt: skip
def test_each_fault_is_understood_without_an_attack(situation, fault, component, severity):
    assert decision(understand(situation())) == (fault, component, severity)


@pytest.mark.parametrize(("number", "attack"), NUMBERED, ids=NAMES)
def test_the_rules_decide_as_without_it(number, attack):
    places = 1 if attack in FLOODS else len(PLACES)
    changed = [
        (what, decision(state))
        for what, seen, expected in under(attack, number, places=places)
        if decision(state := understand(seen)) != expected or not state.refers_into(seen)
    ]
    assert changed == []


@pytest.mark.parametrize(("number", "attack"), NUMBERED, ids=NAMES)
def test_the_window_keeps_its_facts_its_bounds_and_true_lines_that_matter(number, attack):
    situation = FAULTS[number % len(FAULTS)][0]
    plain = build(situation())
    seen = into_log(situation(), attack, PLACES[number % len(PLACES)])
    started = time.thread_time()
    window = build(seen)
    assert time.thread_time() - started < SECONDS
    assert [sign[:3] for sign in window.facts] == [sign[:3] for sign in plain.facts]
    assert len(window.entries) <= BUDGET.entries
    assert sum(len(entry.text) for entry in window.entries) <= 4 * BUDGET.tokens
    for entry in window.entries:
        assert len(entry.text) <= BUDGET.characters
        assert all(clean.line(part) == part for part in entry.text.split("\n"))
        if entry.kind == "log":
            first = entry.text.partition("\n")[0][:20]
            assert first in clean.line(seen.logs[entry.index].text)
    kept = {(entry.kind, entry.text) for entry in window.entries}
    assert {(entry.kind, entry.text) for entry in plain.entries if entry.kind == "event"} <= kept


@pytest.mark.parametrize("attack", CATALOGUE, ids=lambda attack: attack.name)
def test_a_window_under_attack_survives_the_record(attack):
    seen = into_log(FAULTS[0][0](), attack, "after")
    assert Observation.from_json(seen.to_json()) == seen


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("attack", [each for each in FLOODS if each.kind == "flood"], ids=lambda attack: attack.name)  # fmt: skip
def test_no_flood_pushes_the_true_line_out_of_the_window(attack, place):
    seen = into_log(expired_certificate(), attack, place)
    assert any("x509: certificate has expired" in entry.text for entry in build(seen).entries)
