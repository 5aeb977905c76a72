"""A linear model over character n-grams and words: it knows rare tokens by heart, where the encoder knows meaning.

It costs microseconds, so it reads every entry and chooses those that the encoder reads.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

BUCKETS: Final = 1 << 17
SIZES: Final = (3, 4, 5)
LONGEST: Final = 600

Floats = npt.NDArray[np.float32]
_WORD: Final = re.compile(r"[a-z0-9]+")


def features(normalised: str) -> npt.NDArray[np.int64]:
    """Buckets of the n-grams within words (with their borders), of the words and of the pairs of words; each once."""
    words = _WORD.findall(normalised[:LONGEST])
    grams = {f"w{word}" for word in words}
    grams.update(f"p{first} {second}" for first, second in pairwise(words))
    for word in set(words):
        bordered = f"<{word}>"
        grams.update(bordered[at : at + size] for size in SIZES for at in range(len(bordered) - size + 1))
    return np.fromiter(
        (zlib.crc32(gram.encode()) % BUCKETS for gram in grams), dtype=np.int64, count=len(grams)
    )


@dataclass(frozen=True)
class NgramModel:
    weights: npt.NDArray[np.int8]
    """(BUCKETS, classes), quantised."""
    scale: Floats
    """(classes,): what one step of a weight is worth."""
    bias: Floats

    def logits(self, texts: Sequence[str]) -> Floats:
        """(texts, classes) for normalised texts."""
        return (
            np.stack([self._one(text) for text in texts])
            if texts
            else np.zeros((0, len(self.bias)), np.float32)
        )

    def _one(self, text: str) -> Floats:
        found = features(text)
        if not len(found):
            return self.bias
        total = self.weights[found].astype(np.float32).sum(axis=0) * self.scale
        return np.asarray(total / np.sqrt(np.float32(len(found))) + self.bias, dtype=np.float32)
