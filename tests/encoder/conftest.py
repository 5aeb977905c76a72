"""The shipped model, loaded once."""

import pytest

from planaria_semantics.encoder import EncoderReader
from planaria_semantics.encoder.bundle import Bundle


@pytest.fixture(scope="session")
def bundle():
    return Bundle.load()


@pytest.fixture(scope="session")
def reader(bundle):
    return EncoderReader(bundle)
