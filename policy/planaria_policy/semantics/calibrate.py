"""Fits what weighs the parts, and what makes confidence honest, on systems that the parts were not trained on."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn.cluster import MiniBatchKMeans

from planaria_contract import CLASSES
from planaria_policy.semantics.scores import Floats as Doubles
from planaria_policy.semantics.scores import Ints
from planaria_policy.semantics.windows import Case, truth
from planaria_semantics.encoder.bundle import QUANTILES, Blend
from planaria_semantics.encoder.ngrams import Floats
from planaria_semantics.encoder.pool import HEALTHY, Perceived, softmax, window_logits

NGRAM_SHARES: Final = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8)
JOINT_SHARES: Final = (0.4, 0.55, 0.7, 0.85, 1.0)
OVERLOOKED: Final = 0.04
"""Share of the faults of held-out systems that may be called healthy. It is the worse of the two mistakes, and the more healthy
lines a corpus has, the more often it is made."""
FEW: Final = 8
"""Windows of a class below which they are too few to be given a whole class's weight."""
RIDGE: Final = 0.3
"""How dear a leaning is: the systems that it is fitted on are few, and what they are short of is partly chance."""
PROTOTYPES: Final = 384
EVERYDAY: Final = 0.98
"""Rarity from which on unsure text is called unknown: two of a hundred known texts reach it."""


def fit_blend(read: Sequence[Perceived], cases: Sequence[Case]) -> Blend:
    """The shares with the least negative log-likelihood, each at its best temperature."""
    target = truth(cases)
    best = min(
        (_tempered(read, target, ngrams, joint) for ngrams, joint in product(NGRAM_SHARES, JOINT_SHARES)),
        key=lambda found: found[0],
    )
    return best[1]


def _tempered(
    read: Sequence[Perceived],
    target: Ints,
    ngrams: float,
    joint: float,
) -> tuple[float, Blend]:
    plain = Blend(encoder=1 - ngrams, ngrams=ngrams, joint=joint, temperature=1.0)
    logits = np.stack([window_logits(plain, each) for each in read])

    def loss(temperature: float) -> float:
        return negative_log_likelihood(np.asarray(logits / temperature, dtype=np.float32), target)

    found = minimize_scalar(loss, bounds=(0.1, 5.0), method="bounded")
    return float(found.fun), plain.model_copy(update={"temperature": float(found.x)})


def fit_leaning(read: Sequence[Perceived], cases: Sequence[Case], blend: Blend) -> Blend:
    """With what each class gets so that every class weighs alike, however many windows it has; and then what healthy
    gets so that no more faults than `OVERLOOKED` are called so.
    """
    logits = np.stack([window_logits(blend, each) for each in read]).astype(np.float64)
    target = truth(cases)
    leaning = _evened(logits, target)
    leant = logits + leaning
    margin = leant[:, HEALTHY] - np.delete(leant, HEALTHY, axis=1).max(axis=1)
    leaning[HEALTHY] -= np.quantile(margin[target != HEALTHY], 1 - OVERLOOKED)
    return blend.model_copy(update={"leaning": tuple(map(float, leaning))})


def _evened(logits: Doubles, target: Ints) -> Doubles:
    """(16,) of least negative log-likelihood where a class weighs the same with ten windows as with a thousand."""
    size = np.bincount(target, minlength=len(CLASSES))
    weight = 1 / np.maximum(size, FEW)[target]
    weight /= weight.sum()
    wanted = np.eye(len(CLASSES))[target]

    def loss(leaning: Doubles) -> tuple[float, Doubles]:
        said = log_softmax(logits + leaning, axis=1)
        slope = weight @ (np.exp(said) - wanted) + 2 * RIDGE * leaning / len(CLASSES)
        return float(-weight @ said[np.arange(len(target)), target] + RIDGE * np.mean(leaning**2)), slope

    found = minimize(loss, np.zeros(len(CLASSES)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x)


def negative_log_likelihood(logits: Floats, target: Ints) -> float:
    chosen = softmax(logits)[np.arange(len(target)), target]
    return float(-np.log(np.maximum(chosen, 1e-9)).mean())


def fit_prototypes(vectors: Floats, seed: int) -> Floats:
    """Unit vectors around which the training text lies."""
    fitted = MiniBatchKMeans(min(PROTOTYPES, len(vectors)), random_state=seed, n_init=1, batch_size=2048).fit(
        vectors
    )
    centres = fitted.cluster_centers_
    return np.asarray(centres / np.linalg.norm(centres, axis=1, keepdims=True), dtype=np.float32)


def fit_novelty(read: Sequence[Perceived]) -> tuple[float, ...]:
    """How far known text of systems never seen lies from the prototypes."""
    distances = [each.distance for each in read if each.entries]
    return tuple(float(value) for value in np.quantile(distances, np.linspace(0, 1, QUANTILES)))


def fit_unsure(probabilities: Floats) -> float:
    """The tenth part of held-out windows that is least sure is less probable than this."""
    return float(np.quantile(probabilities.max(axis=1), 0.10))
