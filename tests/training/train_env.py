"""Runs a script where torch is: in .venv-train, as a process of its own."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-train/bin/python"
SCRIPTS = Path(__file__).with_name("in_train_env")


def done(name, *arguments, seconds=500):
    """The script, ended well. Skips where the environment is not there."""
    if not PYTHON.exists():
        pytest.skip("there is no .venv-train; `make train-env` makes it")
    ended = subprocess.run(
        [PYTHON, SCRIPTS / name, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended


def run(name, *arguments, seconds=500):
    """What the script prints last, which is JSON."""
    return said(done(name, *arguments, seconds=seconds))


def said(ended):
    return json.loads(ended.stdout.splitlines()[-1])
