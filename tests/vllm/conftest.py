"""The small model, made once and kept in the cache folder, and one real server for all tests."""

import pytest

from planaria_contract import Fault, ModelVersion, Source
from planaria_semantics import factory
from planaria_semantics.opinion import Opinion
from planaria_semantics.settings import SemanticsSettings
from planaria_semantics.vllm.reliability import Reliability
from tests.semantics_service.windows import Counted
from tests.vllm import small
from tests.vllm.real_server import KEY, MODEL, RealServer


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    return small.made(tmp_path_factory.mktemp("questions"))


@pytest.fixture(scope="session")
def server(small_model, tmp_path_factory):
    running = RealServer(small_model, tmp_path_factory.mktemp("vllm") / "vllm.log")
    running.start()
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


class Fallback:
    """Stands where the embedded encoder does, so that a test sees who answered."""

    async def read(self, window):
        probabilities = Reliability.unmeasured().probabilities(Fault.APPLICATION_CRASH)
        return Opinion(probabilities, Source.ENCODER, ModelVersion(id="fallback", version="1"))

    async def idle(self):
        pass

    def novelty(self, window):
        return 0.0


@pytest.fixture
async def assemble(server, tmp_path, monkeypatch):
    """Makes cascades as the operator does, with a key that the server accepts; options are those of the settings."""
    monkeypatch.setattr(factory, "_encoder", Fallback)
    key = tmp_path / "key"
    key.write_text(KEY)
    made = []

    def make(**options):
        options = {
            "vllm_url": server.url,
            "vllm_model": MODEL,
            "api_key_file": key,
            "deadline_seconds": 60.0,  # the tests about a deadline set their own
            "probe_seconds": 0.3,
            "examples": 0,
            **options,
        }
        observer = Counted()
        made.append(factory.assemble(SemanticsSettings("vllm", **options), observer))
        return made[-1], observer

    yield make
    for cascade in made:
        await cascade.aclose()
