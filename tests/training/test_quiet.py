"""Measuring the encoder says nothing but what a person should read."""

import json
import subprocess

import pytest

from tests.training.train_env import PYTHON, ROOT, SCRIPTS

pytestmark = pytest.mark.train


def test_the_libraries_say_nothing_of_what_is_done_on_purpose_and_everything_else():
    if not PYTHON.exists():
        pytest.skip("there is no .venv-train; `make train-env` makes it")
    done = subprocess.run(
        [PYTHON, SCRIPTS / "quiet.py"], cwd=ROOT, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.splitlines() == ["WARNING:root:something of another kind"]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["size"] > 1_000_000
    assert told["heard"] == ["something else"]
