"""Samples -> windows, along the very path that the operator's evidence takes."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.progress import Progress

from planaria_contract import CLASSES, Observation
from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.samples import Mixer, Sample
from planaria_semantics.snippet import observe
from planaria_semantics.window import Window, build


@dataclass(frozen=True)
class Case:
    sample: Sample
    observation: Observation
    window: Window


def cases(templates: Sequence[Template], seed: int, progress: Progress, each: int = 2) -> list[Case]:
    """`each` fillings of every template; the same seed gives the same cases."""
    samples = list(Mixer(templates, random.Random(seed), plain=True).epoch(each))
    found = []
    for at, sample in enumerate(progress.track(samples, description="reading windows")):
        observation = observe(f"{sample.source}-{at}", sample.kind, sample.text)
        found.append(Case(sample, observation, build(observation)))
    return found


def truth(cases: Sequence[Case]) -> npt.NDArray[np.int64]:
    return np.asarray([CLASSES.index(case.sample.fault) for case in cases], dtype=np.int64)
