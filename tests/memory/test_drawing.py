"""Equation 10: draws come as often as they should, and the weights undo it."""

import numpy as np
import pytest

from planaria_policy.memory import drawing
from planaria_policy.memory.index import KIND

DRAWS = 200_000


def table(mass, fault=0, version=1, width=4):
    rows = np.zeros(len(mass), KIND)
    rows["id"] = np.arange(len(mass)) + 1
    for name, values in {"mass": mass, "fault": fault, "version": version, "width": width}.items():
        rows[name] = values
    return rows


def odds(rows, share=0.1, max_age=None):
    return drawing.odds(rows["mass"], drawing.pool(rows, max_age), share)


def often(found, count=DRAWS, batch=DRAWS):
    draws = np.random.default_rng(3)
    seen = np.concatenate([drawing.draw(found, batch, draws) for _ in range(count // batch)])
    return np.bincount(seen, minlength=len(found.mass)) / count


def test_draws_follow_the_masses():
    np.testing.assert_allclose(often(odds(table([1.0, 2, 3, 4]))), [0.1, 0.2, 0.3, 0.4], atol=0.005)


def test_a_rare_class_has_its_share_and_the_chances_are_the_true_ones():
    fault = np.array([0] * 19 + [1])
    found = odds(table(np.ones(20), fault), share=0.25)
    chances = drawing.chances(found, np.arange(20))
    assert chances.sum() == pytest.approx(1)
    assert chances[19] == pytest.approx(0.75 / 20 + 0.25)
    np.testing.assert_allclose(often(found), chances, atol=0.005)


def test_the_share_is_right_on_average_in_small_batches_too():
    found = odds(table(np.ones(20), np.array([0] * 19 + [1])), share=0.25)
    np.testing.assert_allclose(
        often(found, count=60_000, batch=3), drawing.chances(found, np.arange(20)), atol=0.01
    )


def test_without_a_rare_class_nothing_is_set_apart():
    found = odds(table(np.ones(4), np.array([0, 0, 1, 1])))
    assert found.share == 0
    np.testing.assert_allclose(drawing.chances(found, np.arange(4)), 0.25)


def test_weights_undo_the_draw_where_beta_is_1():
    values, found = np.arange(20.0), odds(table(np.linspace(1, 5, 20), np.array([0] * 19 + [1])), share=0.25)
    picked = drawing.draw(found, DRAWS, np.random.default_rng(1))
    weights = drawing.weights(found, picked, 1.0)
    assert weights.max() == 1
    assert weights.dtype == np.float32
    assert np.average(values[picked], weights=weights) == pytest.approx(values.mean(), rel=0.02)
    assert (drawing.weights(found, picked, 0.0) == 1).all()


def test_the_stale_are_not_drawn():
    rows = table(np.ones(6), version=np.array([1, 2, 3, 4, 5, 5]))
    assert drawing.pool(rows, 1).fresh.tolist() == [3, 4, 5]
    assert drawing.pool(rows, 0).fresh.tolist() == [4, 5]
    assert len(drawing.pool(rows, None).fresh) == 6


def test_what_saw_fewer_facts_than_the_newest_is_not_drawn():
    assert drawing.pool(table(np.ones(3), width=np.array([3, 4, 4])), None).fresh.tolist() == [1, 2]


def test_nothing_comes_from_nothing():
    found = odds(table([]))
    picked = drawing.draw(found, 5, np.random.default_rng())
    assert len(picked) == len(drawing.weights(found, picked, 0.5)) == 0
