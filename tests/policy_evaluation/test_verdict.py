"""The one line, and the gate: each reason where it belongs, and never a pass on thin evidence."""

from dataclasses import replace
from math import nan

import pytest

from planaria_policy.evaluation.intervals import Interval
from planaria_policy.evaluation.verdict import Gain, Judged, Reason, passes, verdict

FINE = Judged(
    name="monday",
    wpdis=Interval(-2, -2.4, -1.6),
    wdr=Interval(-2, -2.2, -1.8),
    effective=200.0,
    weight=Interval(1, 0.97, 1.03),
    cut=0.0,
)
BETTER, EQUAL, WORSE = Interval(0.5, 0.2, 0.8), Interval(0.1, -0.1, 0.3), Interval(-0.5, -0.8, -0.2)

ROUNDED = Interval(1e-7, 1e-8, 1e-6)


def said(gain, count=500, **more):
    return verdict(count, [replace(FINE, **more)], Gain(gain, gain), "what was done")


@pytest.mark.parametrize(
    ("gain", "reason"),
    [
        (BETTER, Reason.BETTER),
        (EQUAL, Reason.NO_CLEAR_DIFFERENCE),
        (ROUNDED, Reason.NO_CLEAR_DIFFERENCE),
        (WORSE, Reason.WORSE),
    ],
)
def test_enough_to_tell(gain, reason):
    found = said(gain)
    assert (found.reason, found.enough) == (reason, True)
    assert f"{gain.value:+.2f}" in found.text


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"count": 49}, Reason.TOO_FEW_INCIDENTS),
        ({"weight": Interval(0.94, 0.92, 0.96)}, Reason.SUPPORT_MISSING),
        ({"effective": 49.9}, Reason.TOO_FEW_EFFECTIVE),
        ({"effective": 0.0, "wpdis": Interval(nan, nan, nan)}, Reason.TOO_FEW_EFFECTIVE),
        ({"wpdis": Interval(-4, -4.4, -3.6)}, Reason.ESTIMATES_DISAGREE),
    ],
)
def test_not_enough_to_tell_and_then_nothing_passes(more, reason):
    found = said(BETTER, **more)
    assert (found.reason, found.enough) == (reason, False)
    assert found.text.startswith("not enough to tell: ")
    assert not passes(found, Gain(BETTER, BETTER), 1000)


@pytest.mark.parametrize(
    "weight", [Interval(0.96, 0.94, 0.98), Interval(0.9, 0.75, 1.05), Interval(1.1, 1.02, 1.2)]
)
def test_a_mean_weight_that_is_nearly_one_or_could_be_is_support(weight):
    assert said(BETTER, weight=weight).reason is Reason.BETTER


def test_the_other_policy_is_doubted_as_well():
    thin = replace(FINE, name="tuesday", weight=Interval(0.5, 0.4, 0.6))
    found = verdict(500, [FINE, thin], Gain(BETTER, BETTER), "tuesday")
    assert found.reason is Reason.SUPPORT_MISSING
    assert "tuesday" in found.text


@pytest.mark.parametrize(
    ("gain", "tolerance", "fine"),
    [(BETTER, 0, True), (EQUAL, 0.1, True), (EQUAL, 0.09, False), (WORSE, 0.8, True), (WORSE, 0.79, False)],
)
def test_the_gate_looks_at_the_lower_end(gain, tolerance, fine):
    assert passes(said(gain), Gain(gain, gain), tolerance) is fine
