"""The n-gram model against a reference that does the same in the plainest way."""

import math
import re
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_semantics.encoder.ngrams import BUCKETS, LONGEST, NgramModel, features

TEXTS = ["", "…", "no space left on device", "oom", "a", "exit code 137 137 137", "x" * 2000]


def grams(text):
    """All of them, in the plainest way."""
    words = re.findall("[a-z0-9]+", text[:LONGEST])
    found = {f"w{word}" for word in words}
    for at in range(len(words) - 1):
        found.add(f"p{words[at]} {words[at + 1]}")
    for word in words:
        for size in (3, 4, 5):
            for at in range(len(word) + 2 - size + 1):
                found.add(f"<{word}>"[at : at + size])
    return found


def buckets(text):
    return sorted(zlib.crc32(gram.encode()) % BUCKETS for gram in grams(text))


@pytest.fixture(scope="module")
def model():
    draw = np.random.default_rng(5)
    weights = draw.integers(-127, 128, (BUCKETS, 16), dtype=np.int8)
    return NgramModel(weights, draw.random(16, np.float32) / np.float32(50), draw.random(16, np.float32))


@given(st.text(alphabet="ab1 :é", max_size=80))
def test_features_are_those_of_the_reference(text):
    assert sorted(features(text).tolist()) == buckets(text)


@pytest.mark.parametrize("text", TEXTS)
def test_logits_are_those_of_the_reference(model, text):
    found = buckets(text)
    expected = [
        sum(int(model.weights[at, which]) for at in found)
        * float(model.scale[which])
        / math.sqrt(max(len(found), 1))
        + float(model.bias[which])
        for which in range(16)
    ]
    np.testing.assert_allclose(model.logits([text])[0], expected, rtol=1e-4, atol=1e-4)


def test_several_texts_give_what_each_gives_alone(model):
    np.testing.assert_array_equal(
        model.logits(TEXTS), np.concatenate([model.logits([text]) for text in TEXTS])
    )
    assert model.logits([]).shape == (0, 16)


def test_another_process_with_other_hashes_finds_the_same_features():
    code = "from planaria_semantics.encoder.ngrams import features; print(sorted(features('out of memory').tolist()))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{buckets('out of memory')}\n"}
