"""The small model, made once and kept in the cache folder, and one real server for all tests."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from planaria_contract import Fault, ModelVersion, Source
from planaria_semantics import factory
from planaria_semantics.opinion import Opinion
from planaria_semantics.settings import SemanticsSettings
from planaria_semantics.vllm.reliability import Reliability
from tests.semantics_service.windows import Counted
from tests.vllm import questions
from tests.vllm.real_server import BIN, KEY, MODEL, RealServer, environment

QUESTIONS = 12_000
CACHE = Path(os.environ.get("PLANARIA_CACHE", Path.home() / ".cache/planaria"))


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    """The folder of the model. A change of the prompt, of the corpus or of its training makes a new one (two minutes)."""
    if not (BIN.parent / ".planaria-env").exists():
        pytest.skip("there is no .venv-vllm; `make test-vllm` makes it")
    asked = tmp_path_factory.mktemp("questions") / "questions.jsonl"
    questions.main(QUESTIONS, asked)
    script = Path(__file__).with_name("tiny_model.py")
    digest = hashlib.sha256(asked.read_bytes() + script.read_bytes()).hexdigest()[:16]
    made = CACHE / f"tiny-model-{digest}"
    if not made.exists():
        unfinished = made.with_suffix(f".{os.getpid()}")
        subprocess.run([BIN / "python", script, asked, unfinished], env=environment(), check=True)
        unfinished.rename(made)
        for old in sorted(CACHE.glob("tiny-model-*"), key=lambda path: path.stat().st_mtime)[:-4]:
            subprocess.run(["rm", "-rf", old], check=True)
    return made


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
            "deadline_seconds": 10.0,
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
