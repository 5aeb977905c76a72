"""A memory in SQLite and one in PostgreSQL: every test of behaviour runs on both."""

from itertools import count

import pytest

from tests.memory.postgres import Server

NAMES = count()


@pytest.fixture(scope="session")
def server():
    started = Server()
    yield started
    started.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return str(tmp_path / "memory.db")
    return request.getfixturevalue("server").database(f"memory_{next(NAMES)}")
