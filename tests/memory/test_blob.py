"""A trajectory comes back from its bytes, and damaged bytes are told from sound ones."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_policy.errors import BadData
from planaria_policy.memory import decode, encode
from planaria_policy.memory.blob import ABOUT, FORMAT, FRAME, MAGIC
from planaria_policy.memory.trajectory import PARTS
from planaria_policy.spaces.choices import HEADS
from tests.memory.samples import trajectory


@given(st.integers(1, 24), st.integers(1, 12), st.integers(0, 1000))
def test_what_goes_in_comes_out(decisions, nodes, seed):
    one = trajectory(decisions=decisions, nodes=nodes, seed=seed, note="restarted, ärgerlich", harmed=True)
    back = decode(encode(one))
    assert {name: getattr(back, name) for name in ABOUT} == {name: getattr(one, name) for name in ABOUT}
    for name in ("rows", "log_probability", "value", "reward"):
        np.testing.assert_array_equal(getattr(back, name), getattr(one, name))
        assert getattr(back, name).dtype == getattr(one, name).dtype
    for name in ("facts", "nodes"):
        np.testing.assert_allclose(getattr(back, name), getattr(one, name), atol=5e-4)
        assert getattr(back, name).dtype == np.float32
    assert tuple(back.legal) == PARTS == ("category", *HEADS)
    for part in PARTS:
        np.testing.assert_array_equal(back.legal[part], one.legal[part])


def test_masks_keep_their_place_whatever_the_order_they_were_given_in():
    one = trajectory()
    swapped = replace(one, legal=dict(reversed(one.legal.items())))
    assert encode(swapped) == encode(one)


@given(st.data())
def test_a_changed_byte_is_noticed(data):
    blob = bytearray(encode(trajectory("a")))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadData):
        decode(bytes(blob))


@pytest.mark.parametrize("length", [0, 3, 8, 9, 40])
def test_a_cut_one_is_noticed(length):
    with pytest.raises(BadData, match="damaged"):
        decode(encode(trajectory())[:length])


def framed(body, number=FORMAT):
    return FRAME.pack(MAGIC, number, zlib.crc32(body)) + body


def test_a_newer_format_says_what_to_do():
    with pytest.raises(BadData, match=r"format 2.*upgrade Planaria"):
        decode(framed(encode(trajectory())[FRAME.size :], number=2))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no zlib",
        zlib.compress(b""),
        zlib.compress(b"\x02\0\0\0{}"),
        zlib.compress(b"\xff\xff\xff\xff{}"),
        zlib.compress(b"\x02\0\0\0[]"),
        zlib.compress(bytes(65 * 2**20)),
        zlib.compress(zlib.decompress(encode(trajectory())[FRAME.size :]) + b"more"),
        zlib.compress(zlib.decompress(encode(trajectory())[FRAME.size :])[:-1]),
    ],
)
def test_a_right_checksum_over_nonsense_is_no_trajectory(body):
    with pytest.raises(BadData, match="damaged"):
        decode(framed(body))


def test_other_heads_are_not_mistaken_for_these():
    body = zlib.decompress(encode(trajectory())[FRAME.size :]).replace(b'"scope"', b'"scape"')
    with pytest.raises(BadData, match="made for the heads"):
        decode(framed(zlib.compress(body)))


def test_it_is_small():
    assert len(encode(trajectory(decisions=24, nodes=4))) < 24 * 4 * 100 / 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("facts", np.zeros((0, 3), np.float32)),
        ("facts", np.full((3, 3), np.nan, np.float32)),
        ("facts", np.full((3, 3), 1e6, np.float32)),
        ("nodes", np.zeros((2, 4, 7), np.float32)),
        ("rows", np.zeros((3, 2), np.int64)),
        ("rows", np.full((3, 9), -1)),
        ("reward", np.zeros(4, np.float32)),
        ("value", np.full(3, np.inf, np.float32)),
        ("legal", {}),
        ("incident", ""),
        ("fault", ""),
        ("source", "dream"),
        ("note", "a\0b"),
    ],
)
def test_a_trajectory_that_does_not_fit_together_names_the_field(field, value):
    with pytest.raises(BadData, match=field):
        replace(trajectory("x"), **{field: value})


def test_a_mask_of_numbers_is_refused():
    legal = trajectory().legal
    with pytest.raises(BadData, match="scope"):
        replace(trajectory(), legal={**legal, "scope": legal["scope"].astype(np.float32)})
