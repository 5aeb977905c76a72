"""From templates to a file that reads: the trainer from end to end, small."""

import time

import pytest

from planaria_contract import Fault
from planaria_semantics.encoder import EncoderReader
from planaria_semantics.encoder.bundle import LARGEST
from planaria_semantics.state import settle
from planaria_semantics.window import build
from tests.training import train_env
from tests.window.making import saying

pytestmark = pytest.mark.train
TEMPLATES = 64


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "encoder.zip"
    return path, train_env.run("small_model.py", path, TEMPLATES)


def test_the_file_is_loaded_and_reads(made):
    path, _ = made
    assert path.stat().st_size <= LARGEST
    window = build(saying(["no space left on device"] * 2, symptoms=(), workload=None))
    opinion = EncoderReader.load(path).judge(window)
    assert sum(opinion.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert settle(opinion, window).fault in set(Fault)
    started = time.perf_counter()
    EncoderReader.load(path).judge(window)
    assert time.perf_counter() - started < 10


def test_it_is_of_all_the_templates_and_calibrated(made):
    told = made[1]
    assert told["templates"] == TEMPLATES
    assert 0.1 <= told["blend"]["temperature"] <= 5
    assert told["finite"]


def test_the_exported_network_is_the_one_that_was_trained(made):
    assert min(made[1]["agreement"]) > 0.9


def test_the_version_is_that_of_the_templates_whatever_their_order_and_of_what_it_went_on_from(made):
    assert (made[1]["same"], made[1]["other"], made[1]["begun"]) == (True, False, False)


def test_training_goes_on_from_what_a_file_knew(made):
    moved = made[1]["moved"]
    assert moved["kept"] == pytest.approx(0, abs=1e-6)
    assert moved["learned"] > 1e-3


def test_the_vocabulary_begins_with_the_special_tokens_and_has_each_word_once(made):
    assert made[1]["special"]
    assert made[1]["words"]


def test_what_the_rules_guess_is_a_distribution(made):
    assert made[1]["rules"] == [pytest.approx(1), 16]
