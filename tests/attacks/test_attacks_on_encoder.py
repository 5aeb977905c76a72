"""The embedded encoder, under every attack on every fault; the place goes round."""

import pytest

from planaria_semantics.encoder import EncoderReader
from planaria_semantics.state import settle
from planaria_semantics.window import build
from tests.attacks.catalogue import CATALOGUE
from tests.attacks.faults import FAULTS
from tests.attacks.inject import decision, under

NUMBERED = list(enumerate(CATALOGUE))
SIX = 6
"""Faults under each attack here; `tests.attacks.everything` tries them all, at every place."""
NAMES = [attack.name for attack in CATALOGUE]


@pytest.fixture(scope="module")
def reader():
    return EncoderReader.load()


@pytest.mark.parametrize(("situation", "fault", "component", "severity"), FAULTS, ids=lambda value: getattr(value, "__name__", None))  # fmt: skip
def test_each_fault_is_understood_without_an_attack(reader, situation, fault, component, severity):
    window = build(situation())
    assert decision(settle(reader.judge(window), window)) == (fault, component, severity)


@pytest.mark.parametrize(("number", "attack"), NUMBERED, ids=NAMES)
def test_the_encoder_decides_as_without_it(reader, number, attack):
    changed = []
    for what, seen, expected in under(attack, number, faults=SIX):
        window = build(seen)
        state = settle(reader.judge(window), window)
        if decision(state) != expected or not state.refers_into(seen):
            changed.append((what, decision(state), state.confidence))
    assert changed == []
