"""The small model of the tests, made once and kept in the cache folder."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests.vllm import questions
from tests.vllm.real_server import BIN, environment

QUESTIONS = 12_000
CACHE = Path(os.environ.get("PLANARIA_CACHE", Path.home() / ".cache/planaria"))


def made(folder: Path) -> Path:
    """The folder of the model. A change of the prompt, of the corpus or of its training makes a new one.

    That takes two minutes, on a slow and busy machine ten.
    """
    if not (BIN.parent / ".planaria-env").exists():
        pytest.skip("there is no .venv-vllm; `make test-vllm` makes it")
    asked = folder / "questions.jsonl"
    questions.main(QUESTIONS, asked)
    script = Path(__file__).with_name("tiny_model.py")
    digest = hashlib.sha256(asked.read_bytes() + script.read_bytes()).hexdigest()[:16]
    found = CACHE / f"tiny-model-{digest}"
    if not found.exists():
        unfinished = found.with_suffix(f".{os.getpid()}")
        subprocess.run([BIN / "python", script, asked, unfinished], env=environment(), check=True)
        unfinished.rename(found)
        for old in sorted(CACHE.glob("tiny-model-*"), key=lambda path: path.stat().st_mtime)[:-4]:
            subprocess.run(["rm", "-rf", old], check=True)
    return found
