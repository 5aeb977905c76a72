import pytest

from tests.act.conftest import live  # noqa: F401  a fixture
from tests.reconcile.draining import Town


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    return Town(monkeypatch)
