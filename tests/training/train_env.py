"""Runs a script where torch is: in .venv-train, as a process of its own."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-train/bin/python"
SCRIPTS = Path(__file__).with_name("in_train_env")


def run(name, *arguments, seconds=500):
    """What the script prints last, which is JSON. Skips where the environment is not there."""
    if not PYTHON.exists():
        pytest.skip("there is no .venv-train; `make train-env` makes it")
    done = subprocess.run(
        [PYTHON, SCRIPTS / name, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
