"""How well a reader does on systems that training never saw."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.progress import Progress

from planaria_contract import CLASSES
from planaria_policy.semantics.scores import Floats, Ints, Scores, confusion, score
from planaria_policy.semantics.windows import Case, truth
from planaria_semantics.errors import SemanticsError
from planaria_semantics.extractor import Reader


@dataclass(frozen=True)
class Evaluation:
    name: str
    probabilities: Floats
    truth: Ints
    scores: Scores
    novelty: tuple[float, ...] = ()
    unknown: tuple[bool, ...] = ()
    milliseconds: tuple[float, ...] = ()
    """Of each window, read one after the other."""
    failed: int = 0
    """Windows for which the reader gave no opinion; they count as an even guess."""

    @property
    def confusion(self) -> Ints:
        return confusion(self.probabilities, self.truth)


def judged(name: str, probabilities: Floats, cases: Sequence[Case]) -> Evaluation:
    right = truth(cases)
    return Evaluation(name, probabilities, right, score(probabilities, right))


def evaluate(name: str, reader: Reader, cases: Sequence[Case], progress: Progress) -> Evaluation:
    return asyncio.run(_evaluate(name, reader, cases, progress))


async def _evaluate(name: str, reader: Reader, cases: Sequence[Case], progress: Progress) -> Evaluation:
    rows = np.full((len(cases), len(CLASSES)), 1 / len(CLASSES))
    novelty, unknown, took, failed = [], [], [], 0
    for at, case in enumerate(progress.track(cases, description=f"asking {name}")):
        began = time.perf_counter()
        try:
            opinion = await reader.read(case.window)
        except SemanticsError:
            failed += 1
            continue
        took.append(1000 * (time.perf_counter() - began))
        rows[at] = [opinion.probabilities[fault] for fault in CLASSES]
        novelty.append(opinion.novelty)
        unknown.append(opinion.unknown)
    right = truth(cases)
    return Evaluation(
        name, rows, right, score(rows, right), tuple(novelty), tuple(unknown), tuple(took), failed
    )


def by_system(found: Evaluation, cases: Sequence[Case]) -> dict[str, tuple[int, float]]:
    """Windows and accuracy of each held-out system."""
    right = found.probabilities.argmax(axis=1) == found.truth
    systems = np.asarray([case.sample.source for case in cases])
    return {
        str(name): (int((systems == name).sum()), float(right[systems == name].mean()))
        for name in np.unique(systems)
    }


def noise_model(found: Evaluation) -> dict[str, Any]:
    """What the policy's simulator draws semantic states from: how often which class is said for which, and how surely."""
    said, sure = found.probabilities.argmax(axis=1), found.probabilities.max(axis=1)
    return {
        "format": 1,
        "extractor": found.name,
        "classes": [fault.value for fault in CLASSES],
        "windows": len(found.truth),
        "confusion": found.confusion.tolist(),
        "calibration_error": round(found.scores.calibration_error, 4),
        "confidence_deciles": {
            "right": _deciles(sure[said == found.truth]),
            "wrong": _deciles(sure[said != found.truth]),
        },
        "unknown_rate": round(float(np.mean(found.unknown)), 4) if found.unknown else 0.0,
    }


def _deciles(values: Floats) -> list[float]:
    return (
        [round(float(value), 4) for value in np.quantile(values, np.linspace(0, 1, 11))]
        if len(values)
        else []
    )
