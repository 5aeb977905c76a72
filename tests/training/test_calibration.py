"""Calibration recovers what is known."""

import pytest

from planaria_semantics.encoder.bundle import QUANTILES
from tests.training import train_env

TRUE = 2.5


@pytest.fixture(scope="module")
def found():
    return train_env.run("calibration.py")


def test_the_temperature_is_recovered(found):
    assert found["temperature"] == pytest.approx(TRUE, rel=0.1)


def test_the_part_that_knows_nothing_has_no_share(found):
    assert found["encoder"] == 1.0
    assert found["swapped"] <= 0.2 + 1e-9


def test_confidence_becomes_honest(found):
    assert found["before"] > 0.1
    assert found["after"] < 0.02


def test_prototypes_are_unit_vectors_and_quantiles_ascend(found):
    assert found["lengths"] == pytest.approx([1.0] * len(found["lengths"]), abs=1e-4)
    assert len(found["novelty"]) == QUANTILES
    assert found["novelty"] == sorted(found["novelty"])


def test_a_tenth_of_windows_is_unsure(found):
    assert found["unsure"] == pytest.approx(0.1, abs=0.01)


def test_a_class_that_is_scarce_and_too_seldom_said_is_said_more_readily(found):
    """Less than the 1.5 that it lacks: few windows are no proof."""
    assert 0.5 < found["shy"] < 1.5


def test_of_twenty_five_faults_one_is_called_healthy(found):
    assert found["overlooked"] == pytest.approx(0.04, abs=0.005)
