"""Calibrates readings whose right temperature and shares are known, and prints what was found."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np

from planaria_contract import CLASSES
from planaria_policy.semantics.calibrate import (
    fit_blend,
    fit_leaning,
    fit_novelty,
    fit_prototypes,
    fit_unsure,
)
from planaria_semantics.encoder.bundle import Blend
from planaria_semantics.encoder.pool import HEALTHY, Perceived, softmax, window_logits
from planaria_semantics.window import Entry

ENTRY = Entry("log", 0, "x", "x")
WINDOWS = 4000
TRUE = 2.5
SCARCE = 3


def reading(encoder, ngrams):
    return Perceived(
        (ENTRY,), encoder[None].astype(np.float32), ngrams[None].astype(np.float32),
        np.ones(1, np.float32), float(abs(encoder[0])), 0,
    )  # fmt: skip


def exact(logits):
    """Probabilities whose sum numpy takes for 1."""
    raised = np.exp(logits)
    return raised / raised.sum(axis=1, keepdims=True)


def error(probabilities, truth):
    said, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    return float(abs(said.mean() - right.mean()))


def cases_of(truth) -> list[Any]:
    return [SimpleNamespace(sample=SimpleNamespace(fault=CLASSES[at])) for at in truth]


def shy(honest, truth):
    """What the scarcest class gets where every window's logit for it is 1.5 too low, beside the mean of the others."""
    rows = np.asarray(honest, dtype=np.float32)
    rows[:, SCARCE] -= 1.5
    kept = [at for at, fault in enumerate(truth) if fault != SCARCE or at % 10 == 0]
    cases = cases_of(truth[at] for at in kept)
    plain = Blend(encoder=1, ngrams=0, joint=1, temperature=1)
    leaning = fit_leaning([reading(rows[at], rows[at]) for at in kept], cases, plain).leaning
    others = [value for at, value in enumerate(leaning) if at not in (SCARCE, HEALTHY)]
    return leaning[SCARCE] - float(np.mean(others))


def main():
    draw = np.random.default_rng(3)
    honest = draw.normal(0, 2, (WINDOWS, len(CLASSES)))
    truth = [int(draw.choice(len(CLASSES), p=row)) for row in exact(honest)]
    cases = cases_of(truth)
    loud = [reading(TRUE * row, draw.normal(0, 3, len(CLASSES))) for row in honest]
    blend = fit_blend(loud, cases)
    leant = fit_leaning(loud, cases, blend)
    swapped = fit_blend([reading(each.ngrams[0], each.encoder[0]) for each in loud], cases)
    plain = Blend(encoder=1, ngrams=0, joint=1, temperature=1)
    rows = {
        name: np.stack([softmax(window_logits(used, each)) for each in loud])
        for name, used in (("before", plain), ("after", blend), ("leant", leant))
    }
    faults = np.asarray(truth) != HEALTHY
    vectors = draw.normal(0, 1, (50, 384)).astype(np.float32)
    prototypes = fit_prototypes(vectors, 1)
    print(json.dumps({
        "temperature": blend.temperature, "encoder": blend.encoder, "swapped": swapped.encoder,
        "before": error(rows["before"], truth), "after": error(rows["after"], truth),
        "overlooked": float((rows["leant"][faults].argmax(axis=1) == HEALTHY).mean()),
        "shy": shy(honest, truth),
        "lengths": np.linalg.norm(prototypes, axis=1).tolist(),
        "novelty": fit_novelty(loud),
        "unsure": float((rows["after"].max(axis=1) < fit_unsure(rows["after"])).mean()),
    }))  # fmt: skip


main()
