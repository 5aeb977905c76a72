"""The network on ONNX Runtime: one thread, no telemetry, no network."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tokenizers import Tokenizer

from planaria_semantics.encoder.ngrams import Floats

# From 1.29 on it reports by default; it reads this at import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime


class Readings(NamedTuple):
    fault: Floats
    """(texts, 16) logits."""
    severity: Floats
    """(texts, 4) logits."""
    vectors: Floats
    """(texts, 384), of length 1."""

    def and_then(self, other: "Readings") -> "Readings":
        return Readings(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


class Session:
    def __init__(self, network: bytes, tokenizer: str, longest: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena keeps the largest batch's memory for ever
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        # It keeps the file that it was made of (22 MB), to begin again with another provider; there is only this one.
        self._session.disable_fallback()
        self._session._model_bytes = None  # noqa: SLF001  there is no public way
        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.enable_truncation(longest)
        self._tokenizer.no_padding()

    def read(self, texts: Sequence[str]) -> Readings:
        """For normalised texts, in their order. Safe to call from several threads.

        One at a time: nothing is padded, which is faster on one core than a batch is, and the 8-bit scales are then those of
        the text itself, so that no line changes how its neighbour is read.
        """
        rows = [self._run(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]
        return Readings(*(np.concatenate(parts) for parts in zip(*rows, strict=True)))

    def _run(self, tokens: list[int]) -> list[Floats]:
        ids = np.asarray([tokens], dtype=np.int64)
        return list(self._session.run(None, {"ids": ids, "mask": np.ones_like(ids)}))
