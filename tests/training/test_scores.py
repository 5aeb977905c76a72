"""Scores against what is computed by hand."""

import numpy as np
import pytest

from planaria_contract import CLASSES
from planaria_policy.semantics.scores import (
    BINS,
    HEALTHY,
    Bin,
    confusion,
    expected_calibration_error,
    reliability,
    score,
)


def rows(*said):
    """(class, confidence, second class) each."""
    made = np.zeros((len(said), len(CLASSES)))
    for at, (first, sure, second) in enumerate(said):
        made[at, first], made[at, second] = sure, 1 - sure
    return made


def test_by_hand():
    # class 0: two of three right; class 1: the one is second; healthy: one of two
    said = rows((0, 0.9, 1), (0, 0.8, 1), (2, 0.7, 3), (0, 0.6, 1), (HEALTHY, 0.9, 0), (4, 0.9, HEALTHY))
    truth = np.asarray([0, 0, 0, 1, HEALTHY, HEALTHY])
    found = score(said, truth)
    assert found.windows == 6
    assert found.accuracy == pytest.approx((2 / 3 + 0 + 1 / 2) / 3)
    assert found.plain_accuracy == pytest.approx(3 / 6)
    assert found.top2 == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert (found.healthy, found.false_calm) == (0.5, 0.0)
    assert found.calibration_error == pytest.approx((0.1 + 0.2 + 0.7 + 0.6 + 0.1 + 0.9) / 6)


def test_a_fault_called_healthy_is_false_calm():
    found = score(rows((HEALTHY, 0.9, 1), (1, 0.9, 2)), np.asarray([1, 1]))
    assert found.false_calm == 0.5
    assert np.isnan(found.healthy)


def test_who_is_right_as_often_as_said_has_no_calibration_error():
    said = rows(*[(0, 0.75, 1)] * 60)
    truth = np.asarray([0, 0, 0, 1] * 15)
    assert expected_calibration_error(reliability(said, truth), 60) == pytest.approx(0)


def test_who_is_sure_and_always_wrong_has_the_worst():
    said = rows(*[(0, 1.0, 1)] * 45)
    assert score(said, np.full(45, 1)).calibration_error == pytest.approx(1)
    assert score(said, np.full(45, 0)).calibration_error == pytest.approx(0)


def test_bins_are_of_equal_size_and_weighed_by_it():
    said = rows(*[(0, 0.5 + at / 1000, 1) for at in range(BINS * 7)])
    found = reliability(said, np.zeros(BINS * 7, dtype=np.int64))
    assert [each.windows for each in found] == [7] * BINS
    assert [each.confidence for each in found] == sorted(each.confidence for each in found)
    assert expected_calibration_error([Bin(0.9, 0.8, 30), Bin(0.5, 0.9, 10)], 40) == pytest.approx(0.175)


def test_confusion_counts_true_rows_and_said_columns():
    found = confusion(rows((0, 0.9, 1), (2, 0.9, 1), (2, 0.9, 1)), np.asarray([0, 0, 5]))
    assert (found[0, 0], found[0, 2], found[5, 2], found.sum()) == (1, 1, 1, 3)
