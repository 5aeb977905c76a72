"""Measuring the encoder says nothing but what a person should read."""

import pytest

from tests.training import train_env

pytestmark = pytest.mark.train


def test_the_libraries_say_nothing_of_what_is_done_on_purpose_and_everything_else():
    done = train_env.done("quiet.py")
    assert done.stderr.splitlines() == ["WARNING:root:something of another kind"]
    told = train_env.said(done)
    assert told["size"] > 1_000_000
    assert told["heard"] == ["something else"]
