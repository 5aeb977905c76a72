"""WPDIS and WDR against figures worked out by hand."""

import numpy as np
import pytest

from planaria_policy.evaluation.candidate import Opinion
from planaria_policy.evaluation.estimators import Terms, bound, effective, terms, wdr, weight, wpdis
from planaria_policy.evaluation.incidents import Incidents

ONCE = np.ones((1, 2))

# Incident A: two decisions, ratios 2 and 1, so rho is 2 and 2. Incident B: one decision, ratio 1/2, and rho stays 1/2.
REWARD = np.array([[-1.0, -2.0], [-3.0, 0.0]])
BEHAVIOUR = np.log([[0.5, 0.5], [0.5, 1.0]])
CANDIDATE = np.log([[1.0, 0.5], [0.25, 1.0]])
Q = np.array([[-2.0, -1.0], [-2.0, 0.0]])
V = np.array([[-2.5, -1.5], [-2.0, 0.0]])


def incidents():
    return Incidents(REWARD, BEHAVIOUR, np.ones(2, np.bool_), np.zeros(2, np.bool_))


def given(largest=10.0):
    rho = terms(incidents(), Opinion(CANDIDATE, V), largest).rho
    return Terms(rho, REWARD, Q, V)


def test_the_weights_are_products_of_ratios_and_stay_after_the_end():
    assert given().rho == pytest.approx(np.array([[2, 2], [0.5, 0.5]]))


def test_wpdis_by_hand():
    # first decisions: (2 * -1 + 1/2 * -3) / 2.5 = -1.4; second: 2 * -2 / 2.5 = -1.6
    assert wpdis(given(), ONCE) == pytest.approx([-3.0])


def test_wdr_by_hand():
    # first:  (2 * (-1 + 2) + 1/2 * (-3 + 2)) / 2.5 = 0.6,  and v: (-2.5 - 2) / 2 = -2.25
    # second: 2 * (-2 + 1) / 2.5 = -0.8,                    and v: 2 * -1.5 / 2.5 = -1.2
    assert wdr(given(), ONCE) == pytest.approx([0.6 - 2.25 - 0.8 - 1.2])


def test_a_resample_is_the_same_as_the_incidents_written_out():
    rho, reward, q, v = (np.vstack([each, each[:1]]) for each in (given().rho, REWARD, Q, V))
    twice = Terms(rho, reward, q, v)
    for estimate in (wpdis, wdr):
        assert estimate(given(), np.array([[2.0, 1.0]])) == pytest.approx(estimate(twice, np.ones((1, 3))))


def test_a_weight_is_cut_at_the_bound_and_the_share_is_told():
    cut = terms(incidents(), Opinion(CANDIDATE, V), 1.5)
    assert cut.rho == pytest.approx(np.array([[1.5, 1.5], [0.5, 0.5]]))
    assert cut.cut == 0.5
    assert [bound(count) for count in (1, 100)] == [1, 10]


def test_a_ratio_too_large_for_a_float_is_cut_too():
    huge = Opinion(np.zeros((2, 2)), V)
    rare = Incidents(REWARD, np.full((2, 2), -1e4), np.ones(2, np.bool_), np.zeros(2, np.bool_))
    assert (terms(rare, huge, 5.0).rho == 5).all()


def test_the_effective_size_is_kishs():
    assert effective(given().rho) == pytest.approx(2.5**2 / 4.25)
    assert effective(np.zeros((3, 1))) == 0
    assert effective(np.ones((7, 2))) == pytest.approx(7)


def test_where_no_weight_is_left_one_says_nothing_and_the_other_only_what_the_model_says():
    never = terms(incidents(), Opinion(np.full((2, 2), -np.inf), V), 10.0)
    assert np.isnan(wpdis(never, ONCE)).all()
    assert wdr(never, ONCE) == pytest.approx([-2.25])


def test_the_mean_weight_is_the_share_that_the_incidents_show():
    assert weight(given(), ONCE) == pytest.approx([1.25])
    settled = Incidents(REWARD, np.zeros((2, 2)), np.zeros(2, np.bool_), np.zeros(2, np.bool_))
    agrees = terms(settled, Opinion(np.array([[0.0, -np.inf], [0.0, 0.0]]), V), 10.0)
    assert weight(agrees, ONCE) == pytest.approx([0.5])  # does the same in one of two
