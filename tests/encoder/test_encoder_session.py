"""The network on ONNX Runtime."""

import numpy as np
import pytest

from planaria_semantics.encoder.pool import softmax
from planaria_semantics.encoder.session import BATCH, Session

TEXTS = [
    "no space left on device",
    "",
    "dial tcp ip:5432: connection refused",
    "x " * 600,
    *(f"request {number} took too long, giving up {'again ' * number}" for number in range(BATCH + 3)),
    "oom",
]

SURE = 0.6


@pytest.fixture(scope="module")
def session(bundle):
    return Session(bundle.network, bundle.tokenizer, bundle.manifest.longest)


def test_several_texts_give_what_each_gives_alone(session):
    together = session.read(TEXTS)
    for at, text in enumerate(TEXTS):
        alone = session.read([text])
        batched, single = softmax(together.fault[at]), softmax(alone.fault[0])
        # the 8-bit scale of a batch is that of its largest value: what is unsure may move a little, never far
        np.testing.assert_allclose(batched, single, atol=0.2)
        assert single.max() < SURE or batched.argmax() == single.argmax()
        assert float(together.vectors[at] @ alone.vectors[0]) > 0.95


def test_the_answers_come_in_the_order_of_the_texts(session):
    forth, back = session.read(TEXTS), session.read(TEXTS[::-1])
    np.testing.assert_allclose(softmax(forth.fault), softmax(back.fault)[::-1], atol=0.2)


def test_shapes_and_lengths(session):
    found = session.read(TEXTS)
    assert (found.fault.shape, found.severity.shape) == ((len(TEXTS), 16), (len(TEXTS), 4))
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-3)


def test_the_same_texts_give_the_same_answer(session):
    first, second = session.read(TEXTS), session.read(TEXTS)
    np.testing.assert_array_equal(first.fault, second.fault)
