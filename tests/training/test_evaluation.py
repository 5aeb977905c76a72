"""An evaluation as numbers, as goals, and as what the simulator draws from."""

import json
from dataclasses import replace

import numpy as np
import pytest
from rich.progress import Progress

from planaria_contract import CLASSES, Fault, ModelVersion, Source
from planaria_policy.semantics import report
from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.evaluate import Evaluation, by_system, evaluate, judged, noise_model
from planaria_policy.semantics.scores import score
from planaria_policy.semantics.windows import cases
from planaria_semantics.errors import NotReached
from planaria_semantics.opinion import Opinion


def evaluation(right=0.9, sure=0.9, count=16 * 20):
    truth = np.arange(count) % 16
    said = np.where(np.arange(count) // 16 < right * count / 16, truth, (truth + 1) % 16)
    rows = np.full((count, 16), (1 - sure) / 15)
    rows[np.arange(count), said] = sure
    return Evaluation("encoder", rows, truth, score(rows, truth), unknown=(True, False, False, False))


@pytest.fixture(scope="module")
def held():
    templates = [
        Template(source, "f", "container_log", fault, f"{source} says {fault.value}", 2)
        for source in ("one", "two")
        for fault in (Fault.OVERLOAD, Fault.STORAGE_FAULT)
    ]
    return cases(templates, 5, Progress(disable=True))


def test_the_noise_model_has_its_format():
    found = json.loads(json.dumps(noise_model(evaluation())))
    assert (found["format"], found["extractor"], found["windows"]) == (1, "encoder", 320)
    assert found["classes"] == [fault.value for fault in CLASSES]
    assert np.asarray(found["confusion"]).shape == (16, 16)
    assert np.asarray(found["confusion"]).sum(axis=1).tolist() == [20] * 16
    assert np.trace(np.asarray(found["confusion"])) == 0.9 * 320
    assert found["confidence_deciles"] == {"right": [0.9] * 11, "wrong": [0.9] * 11}
    assert found["unknown_rate"] == 0.25
    assert found["calibration_error"] == round(evaluation().scores.calibration_error, 4)


def test_who_is_never_wrong_has_no_confidence_when_wrong():
    found = noise_model(replace(evaluation(right=1.0), unknown=()))
    assert (found["confidence_deciles"]["wrong"], found["unknown_rate"]) == ([], 0.0)


def test_goals_that_are_met_are_not_told():
    assert report.missed(evaluation(right=1.0, sure=0.99)) == []


def test_goals_that_are_missed_are_told_with_number_and_goal():
    lines = report.missed(evaluation(right=0.5, sure=0.99))
    assert [line.split(": ")[1].split(" is ")[0] for line in lines] == list(report.GOALS)
    assert lines[0] == "encoder: accuracy is 0.500, the goal is >= 0.85"


def test_a_score_that_is_not_there_is_missed():
    faulty = evaluation(right=1.0, sure=0.99)
    keep = faulty.truth != CLASSES.index(Fault.HEALTHY)
    rows, truth = faulty.probabilities[keep], faulty.truth[keep]
    assert report.missed(Evaluation("x", rows, truth, score(rows, truth))) == [
        "x: healthy is nan, the goal is >= 0.97"
    ]


def test_numbers_are_plain_json():
    found = json.loads(json.dumps(report.numbers([evaluation()], {"one": (4, 0.75)})))
    assert found["systems"] == {"one": {"windows": 4, "accuracy": 0.75}}
    assert found["classes"]["overload"]["recall"] == 0.9
    assert found["readers"]["encoder"]["plain_accuracy"] == 0.9
    assert found["novelty_false_alarm"] == 0.25


class Always:
    """Says overload, and fails on every third window."""

    def __init__(self):
        self.asked = 0

    async def read(self, window):
        self.asked += 1
        if self.asked % 3 == 0:
            raise NotReached("gone")
        said: dict[Fault, float] = {**dict.fromkeys(CLASSES, 0.01), Fault.OVERLOAD: 0.85}
        return Opinion(said, Source.VLLM, ModelVersion(id="x", version="1"), novelty=0.5)


def test_a_window_without_an_opinion_counts_as_an_even_guess(held):
    found = evaluate("x", Always(), held, Progress(disable=True))
    assert (found.failed, len(found.novelty), len(found.milliseconds)) == (2, 6, 6)
    np.testing.assert_allclose(found.probabilities[2], 1 / 16)
    assert len(found.truth) == len(held) == 8


def test_accuracy_by_system(held):
    rows = np.full((len(held), 16), 0.01)
    rows[:, CLASSES.index(Fault.OVERLOAD)] = 0.85
    found = by_system(judged("x", rows, held), held)
    assert found == {"one": (4, 0.5), "two": (4, 0.5)}
