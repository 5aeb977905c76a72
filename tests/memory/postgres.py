"""A PostgreSQL server of the tests' own; without PostgreSQL they are skipped."""

import pytest

from bench import postgres


class Server(postgres.Server):
    def __init__(self):
        try:
            super().__init__("fsync=off")
        except FileNotFoundError as error:
            pytest.skip(str(error))
