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

BATCH = 8
"""Texts at a time, those of like length together: the attention's memory stays small and little is padded."""


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
        self._tokenizer = Tokenizer.from_str(tokenizer)
        self._tokenizer.enable_truncation(longest)
        self._tokenizer.no_padding()

    def read(self, texts: Sequence[str]) -> Readings:
        """For normalised texts, in their order. Safe to call from several threads."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(tokens)), key=lambda at: len(tokens[at]))
        parts = [
            self._run([tokens[at] for at in order[start : start + BATCH]])
            for start in range(0, len(order), BATCH)
        ]
        back = np.argsort(np.asarray(order, dtype=np.int64))
        fault, severity, vectors = (np.concatenate(outputs)[back] for outputs in zip(*parts, strict=True))
        return Readings(fault, severity, vectors)

    def _run(self, rows: list[list[int]]) -> list[Floats]:
        width = max(map(len, rows))
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        return list(self._session.run(None, {"ids": ids, "mask": mask}))
