"""Two readers at once: what they say, and how far they agree, becomes the confidence."""

import asyncio
from collections.abc import Mapping
from itertools import chain
from typing import Final

import numpy as np

from planaria_contract import CLASSES, Evidence, Fault, ModelVersion, Source
from planaria_semantics.errors import SemanticsError
from planaria_semantics.extractor import Reader
from planaria_semantics.opinion import Opinion
from planaria_semantics.window import Window

FLOOR: Final = 1e-3
"""No reader rules a class out altogether: a product would let one mistake veto the truth."""
MAX_EVIDENCE: Final = 8


class HybridReader:
    """A logarithmic pool of independent opinions: agreement sharpens it, disagreement flattens it.

    Where the model does not answer its error is passed on: whoever asked counts it, and asks the encoder alone.
    """

    def __init__(self, model: Reader, encoder: Reader, *, model_share: float = 0.5) -> None:
        """`model_share`: weight of the model in the pool; the encoder has the rest."""
        self._model, self._encoder, self._share = model, encoder, model_share

    async def read(self, window: Window) -> Opinion:
        said, computed = await asyncio.gather(
            self._model.read(window), self._encoder.read(window), return_exceptions=True
        )
        for found in (said, computed):
            if isinstance(found, BaseException) and not isinstance(found, SemanticsError):
                raise found
        if isinstance(said, BaseException):
            raise said  # the cascade asks the encoder next, and counts the failure
        if isinstance(computed, BaseException):
            return said
        return pooled(said, computed, self._share)


def pooled(first: Opinion, second: Opinion, share: float) -> Opinion:
    """`share` of the first, the rest of the second."""
    logs = 2 * (share * _log(first.probabilities) + (1 - share) * _log(second.probabilities))
    raised = np.exp(logs - logs.max())
    probabilities: dict[Fault, float] = dict(zip(CLASSES, map(float, raised / raised.sum()), strict=True))
    best = max(probabilities, key=probabilities.__getitem__)
    return Opinion(
        probabilities=probabilities,
        source=Source.HYBRID,
        model=_both(first.model, second.model),
        novelty=max(first.novelty, second.novelty),
        unknown=first.unknown and second.unknown,
        evidence=_evidence(first, second, best),
        severity=second.severity if first.severity is None else first.severity,
    )


def _log(probabilities: Mapping[Fault, float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.log([max(probabilities.get(fault, 0.0), FLOOR) for fault in CLASSES])


def _both(first: ModelVersion, second: ModelVersion) -> ModelVersion:
    return ModelVersion(id=f"{first.id}+{second.id}"[:128], version=f"{first.version}+{second.version}"[:64])


def _evidence(first: Opinion, second: Opinion, best: Fault) -> tuple[Evidence, ...]:
    """Of the reader that is surer of the winner first; each line once."""
    ordered = sorted((first, second), key=lambda opinion: -opinion.probabilities.get(best, 0.0))
    unique: dict[tuple[str, int], Evidence] = {}
    for item in chain.from_iterable(opinion.evidence for opinion in ordered):
        unique.setdefault((item.kind, item.index), item)
    return tuple(unique.values())[:MAX_EVIDENCE]
