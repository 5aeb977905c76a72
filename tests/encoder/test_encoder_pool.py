"""How readings of lines become one of the window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from planaria_contract import CLASSES
from planaria_semantics.encoder.bundle import Blend
from planaria_semantics.encoder.pool import (
    HEALTHY,
    NOTHING,
    Perceived,
    any_line,
    lines,
    rarity,
    softmax,
    window_logits,
)
from planaria_semantics.window import Entry

BLEND = Blend(encoder=0.6, ngrams=0.4, joint=0.5, temperature=0.8)
ENTRY = Entry("log", 0, "text", "text")
FAULTS = st.sampled_from([at for at in range(16) if at != HEALTHY])
COUNTS = st.integers(1, 13)


def saying(which, sure, count=1):
    """Lines that are `sure` of one class; the rest is shared by the others."""
    rows = np.full((count, 16), (1 - sure) / 15, np.float32)
    rows[:, which] = sure
    return rows


def perceived(rows, trust=None):
    """`rows` of single lines; all together say nothing."""
    together = [np.full((1, 16), 1 / 16)] if len(rows) > 1 else []
    logits = np.log(np.concatenate([rows, *together])).astype(np.float32)
    own = np.ones(len(rows), np.float32) if trust is None else np.asarray(trust, np.float32)
    return Perceived((ENTRY,) * len(rows), logits, logits, own, 0.0, 0)


@given(
    st.integers(1, 14).flatmap(
        lambda count: arrays.arrays(np.float32, (count + 1, 16), elements=st.floats(-1e4, 1e4, width=32))
    ),
    st.sampled_from([1.0, 0.8, 0.5, 0.3]),
)
def test_whatever_the_networks_say_becomes_a_distribution(logits, trust):
    count = len(logits) - 1
    read = Perceived((ENTRY,) * count, logits, logits[::-1], np.full(count, trust, np.float32), 0.0, 0)
    found = softmax(window_logits(BLEND, read))
    assert found.sum() == pytest.approx(1, abs=1e-4)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(lines(BLEND, read).sum(axis=1), 1, atol=1e-4)


@given(FAULTS, COUNTS, st.floats(0.1, 0.5))
def test_one_sure_line_wins_over_noise(fault, count, murmur):
    noise = saying(HEALTHY, murmur, count)
    rows = np.concatenate([noise, saying(fault, 0.97)])
    assert any_line(rows, np.ones(len(rows), np.float32)).argmax() == fault
    assert window_logits(BLEND, perceived(rows)).argmax() == fault


@given(FAULTS, st.integers(1, 200))
def test_a_healthy_flood_does_not_hide_one_faulty_line(fault, count):
    rows = np.concatenate([saying(HEALTHY, 0.995, count), saying(fault, 0.97)])
    assert window_logits(BLEND, perceived(rows)).argmax() == fault


@given(COUNTS)
def test_where_every_line_is_healthy_so_is_the_window(count):
    assert window_logits(BLEND, perceived(saying(HEALTHY, 0.99, count))).argmax() == HEALTHY


@given(FAULTS, COUNTS, st.floats(0.5, 0.99))
def test_a_siblings_line_says_less_than_the_targets_own(fault, count, sure):
    rows = np.concatenate([saying(HEALTHY, 0.95, count), saying(fault, sure)])
    own, siblings = np.ones(count + 1), np.append(np.ones(count), 0.3)
    said = [softmax(any_line(rows, trust.astype(np.float32)))[fault] for trust in (own, siblings)]
    assert said[1] < said[0]


@given(FAULTS, st.permutations(range(6)))
def test_the_order_of_lines_does_not_matter(fault, order):
    rows = np.concatenate([saying(HEALTHY, 0.9, 4), saying(fault, 0.8), saying(0, 0.4)])
    trust = np.asarray([1, 0.3, 1, 0.8, 0.5, 1], np.float32)
    np.testing.assert_allclose(any_line(rows, trust), any_line(rows[order], trust[order]), atol=1e-3)


@pytest.mark.parametrize("count", [1, 14, 500])
def test_however_many_lines_are_sure_nothing_is_ruled_out(count):
    found = any_line(saying(3, 1.0, count), np.ones(count, np.float32))
    assert np.isfinite(found).all()
    assert found.argmax() == 3


def test_a_single_line_is_read_once_and_not_pooled():
    logits = np.log(saying(4, 0.9))
    read = Perceived((ENTRY,), logits, logits, np.asarray([0.3], np.float32), 0.0, 0)
    np.testing.assert_allclose(window_logits(BLEND, read), np.log(saying(4, 0.9)[0] + 1e-6) / 0.8, atol=1e-4)


def test_nothing_read_favours_nobody():
    assert window_logits(BLEND, NOTHING).tolist() == [0.0] * len(CLASSES)


@given(st.floats(-1, 5), st.floats(-1, 5))
def test_rarity_grows_with_the_distance_and_is_a_share(one, other):
    near, far = sorted((one, other))
    quantiles = (0.1, 0.2, 0.4, 2.0)
    assert 0 <= rarity(near, quantiles) <= rarity(far, quantiles) <= 1
    assert (rarity(0.1, quantiles), rarity(0.4, quantiles), rarity(2.0, quantiles)) == pytest.approx(
        (0, 2 / 3, 1)
    )


def test_each_class_gets_its_own_leaning():
    read = perceived(saying(3, 0.6))
    leaning = np.linspace(-1, 1, len(CLASSES))
    leant = window_logits(BLEND.model_copy(update={"leaning": tuple(leaning)}), read)
    np.testing.assert_allclose(leant, window_logits(BLEND, read) + leaning, atol=1e-5)
