"""The network on ONNX Runtime."""

import numpy as np
import pytest

from planaria_semantics.encoder.session import Session

TEXTS = [
    "no space left on device",
    "",
    "dial tcp ip:5432: connection refused",
    "x " * 600,
    *(f"request {number} took too long, giving up {'again ' * number}" for number in range(11)),
    "oom",
]


@pytest.fixture(scope="module")
def session(bundle):
    return Session(bundle.network, bundle.tokenizer, bundle.manifest.longest)


def test_the_file_of_the_network_is_not_kept_beside_it(bundle):
    made = Session(bytes(bytearray(bundle.network)), bundle.tokenizer, bundle.manifest.longest)
    held = [each for each in vars(made._session).values() if isinstance(each, bytes) and len(each) > 1000]
    assert held == []
    assert len(made.read(["oom"]).fault) == 1


def test_several_texts_give_what_each_gives_alone(session):
    together = session.read(TEXTS)
    for at, text in enumerate(TEXTS):
        alone = session.read([text])
        for several, one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(several[at], one[0])


def test_shapes_and_lengths(session):
    found = session.read(TEXTS)
    assert (found.fault.shape, found.severity.shape) == ((len(TEXTS), 16), (len(TEXTS), 4))
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-3)


def test_the_same_texts_give_the_same_answer(session):
    first, second = session.read(TEXTS), session.read(TEXTS)
    np.testing.assert_array_equal(first.fault, second.fault)
