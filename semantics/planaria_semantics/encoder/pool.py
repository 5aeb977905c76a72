"""From readings of single lines and of all lines together to one distribution. Pure arithmetic."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from planaria_contract import CLASSES, Fault
from planaria_semantics.encoder.bundle import Blend
from planaria_semantics.encoder.ngrams import Floats
from planaria_semantics.window import Entry

HEALTHY: Final = CLASSES.index(Fault.HEALTHY)
SURE: Final = 1e-4
"""No line alone is surer than this: pooling multiplies, and one mistake must not outvote everything."""

LEAST: Final = -60.0
"""Logarithm of the least that is left of healthy, however many lines speak against it."""


def softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class Perceived:
    """What the two models make of the text of one window."""

    entries: tuple[Entry, ...]
    """Those that were read."""
    encoder: Floats
    """(entries + 1, 16) logits; the last row is of all entries together. With a single entry there is one row."""
    ngrams: Floats
    """As `encoder`."""
    trust: Floats
    """(entries,): a healthy replica's line says less about the target than its own."""
    distance: float
    """Of the most alarming entry from what the model was trained on; 0 = the same."""
    severity: int


_NONE: Final = np.zeros((0, len(CLASSES)), np.float32)
NOTHING: Final = Perceived((), _NONE, _NONE, np.zeros(0, np.float32), 0.0, 0)


def lines(blend: Blend, read: Perceived) -> Floats:
    """(entries, 16) probabilities of each line by itself."""
    return softmax(_blended(blend, read)[: len(read.entries)])


def window_logits(blend: Blend, read: Perceived) -> Floats:
    """(16,): what all lines together say, and what any of them says, in the shares of the blend."""
    if not read.entries:
        return np.zeros(len(CLASSES), np.float32)
    together = np.log(softmax(_blended(blend, read)[-1]) + 1e-6)
    apart = any_line(lines(blend, read), read.trust)
    share = blend.joint if len(read.entries) > 1 else 1.0
    logits = (share * together + (1 - share) * apart) / blend.temperature
    return np.asarray(logits + np.asarray(blend.leaning), dtype=np.float32)


def _blended(blend: Blend, read: Perceived) -> Floats:
    return np.asarray(blend.encoder * read.encoder + blend.ngrams * read.ngrams, dtype=np.float32)


def any_line(probabilities: Floats, trust: Floats) -> Floats:
    """Log-probabilities of the window from those of its lines (lines, 16).

    A fault is in the window where it is in any of its lines; healthy is one where every line is.
    """
    weighed = np.clip(probabilities * trust[:, None], SURE, 1 - SURE)
    present = 1 - np.prod(1 - weighed, axis=0)
    calm = np.clip(1 - trust * (1 - probabilities[:, HEALTHY]), SURE, 1)
    # as logarithms: the product of a dozen doubts is less than a float can hold, and would rule healthy out
    calmness = np.log(calm, dtype=np.float64).sum() / max(1.0, np.log2(len(calm) + 1))
    present[HEALTHY] = np.exp(max(calmness, LEAST))
    return np.asarray(np.log(present / present.sum()), dtype=np.float32)


def rarity(distance: float, quantiles: tuple[float, ...]) -> float:
    """The share of held-out, known text that lies nearer than `distance`."""
    return float(np.interp(distance, quantiles, np.linspace(0, 1, len(quantiles))))
