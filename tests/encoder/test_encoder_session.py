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


def fresh(bundle):
    """One that has read nothing yet."""
    return Session(bundle.network, bundle.tokenizer, bundle.manifest.longest)


@pytest.fixture(scope="module")
def session(bundle):
    return fresh(bundle)


def test_the_file_of_the_network_is_not_kept_beside_it(bundle):
    made = Session(bytes(bytearray(bundle.network)), bundle.tokenizer, bundle.manifest.longest)
    held = [each for each in vars(made._session).values() if isinstance(each, bytes) and len(each) > 1000]
    assert held == []
    assert len(made.read(["oom"]).fault) == 1


def test_several_texts_give_what_each_gives_alone(bundle, session):
    together, other = session.read(TEXTS), fresh(bundle)
    for at, text in reversed(list(enumerate(TEXTS))):
        alone = other.read([text])
        for several, one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(several[at], one[0])


def test_shapes_and_lengths(session):
    found = session.read(TEXTS)
    assert (found.fault.shape, found.severity.shape) == ((len(TEXTS), 16), (len(TEXTS), 4))
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-3)


def test_the_same_texts_give_the_same_answer(bundle, session):
    first, second = session.read(TEXTS), fresh(bundle).read(TEXTS)
    np.testing.assert_array_equal(first.fault, second.fault)


def test_a_text_that_is_met_again_is_not_run_again(bundle, monkeypatch):
    made, runs = fresh(bundle), []
    run = made._session.run

    def counted(*args):
        runs.append(args)
        return run(*args)

    monkeypatch.setattr(made._session, "run", counted)
    first = made.read(["oom", "no space left on device"])
    first.fault[:] = 0  # what is handed out is the caller's own
    again = made.read(["no space left on device", "oom", "oom"])
    assert len(runs) == 2
    expected = fresh(bundle).read(["no space left on device", "oom", "oom"])
    np.testing.assert_array_equal(again.fault, expected.fault)
