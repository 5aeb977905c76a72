"""A training of hours that is stopped goes on after the networks that were finished."""

import pytest

from tests.training import train_env

pytestmark = pytest.mark.train
EVERY = ["network 1 of 4", "network 2 of 4", "network 3 of 4", "network 4 of 4", "everything once more"]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return train_env.run("stopped.py", tmp_path_factory.mktemp("runs"))


def test_what_was_finished_is_not_trained_again_and_the_model_is_the_same(told):
    assert told["whole"] == EVERY
    assert told["left"] == ["network-1-of-4.safetensors", "network-2-of-4.safetensors"]
    assert told["rest"] == EVERY[2:]
    assert told["again"] == []
    assert told["same"]


def test_a_damaged_file_is_trained_again_and_no_other(told):
    assert told["mended"] == [EVERY[1]]


def test_nothing_is_left_once_the_model_is_written(told):
    assert told["forgotten"]


def test_where_nothing_can_be_kept_it_is_trained_all_the_same(told):
    assert told["unkept"] == EVERY
