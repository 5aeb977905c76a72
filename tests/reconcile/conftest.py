from tests.act.conftest import live  # noqa: F401  a fixture
