"""From questions to decisions: encode, run the network once for all, choose the likeliest legal action, explain it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

# Newer releases of ONNX Runtime report to their makers unless told not to.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

from planaria_contract import (
    CLASSES,
    Action,
    Consultation,
    Counterfactual,
    Decider,
    Decision,
    Mask,
    ModelVersion,
)
from planaria_policy.errors import BadData
from planaria_policy.serving.file import PolicyFile
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, HEADS, POINTERS, USED_BY
from planaria_policy.spaces.decode import decode
from planaria_policy.spaces.encode import Encoded, encode
from planaria_policy.spaces.sights import AT, FAULTS

NOT_POSSIBLE: Final = "NotPossible"
"""Reason of a mask that follows from the facts, where the operator gave none of its own."""
NEVER: Final = -1e9
USED: Final = tuple(USED_BY[category] for category in CATEGORIES)
READ: Final = np.array([AT[f"{rank}.{each}"] for rank in ("fault", "secondary") for each in FAULTS])
"""Where the facts say which faults were read."""
READ_AS: Final = np.array([AT[f"fault.{each}"] for each in CLASSES])

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Answers:
    """What the network says of Q questions."""

    category: Array
    """[Q, C] probabilities; exactly 0 where masked."""
    value: Array
    rows: npt.NDArray[np.int64]
    """[Q, 1 + heads], the likeliest legal choices."""
    heads: dict[str, Array]
    """[Q, C, choices] logits of each head, as the network gave them."""


@dataclass(frozen=True, eq=False)
class Thought:
    """A decision with the numbers that it was made from, for whoever keeps them."""

    decision: Decision
    seen: Encoded
    answers: Answers
    """Of all questions that were asked together."""
    at: int
    """Which of them this is."""

    @property
    def row(self) -> npt.NDArray[np.int64]:
        """[1 + heads], as `spaces/choices.py` describes it."""
        row: npt.NDArray[np.int64] = self.answers.rows[self.at]
        return row

    @cached_property
    def log_probability(self) -> float:
        """Of the whole row, in nats."""
        return log_probability(self.answers, self.at, self.seen)


class Brain:
    """Thread-safe; one network, loaded once."""

    def __init__(self, file: PolicyFile) -> None:
        """Raises `BadData` where ONNX Runtime cannot load the network."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # The largest batch ever asked must not stay in memory for good.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        self.manifest = file.manifest
        self.model = ModelVersion(id=file.manifest.id, version=file.manifest.version)
        try:
            self._session = ort.InferenceSession(file.network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no common base of its errors
            raise BadData(
                f"policy {file.manifest.version}: the network cannot be loaded ({error})"
            ) from error

    def decide(self, asked: Sequence[Consultation]) -> list[Decision]:
        """One decision for each question, in order. Raises nothing for a well-formed question."""
        return [thought.decision for thought in self.think(asked, [encode(question) for question in asked])]

    def think(self, asked: Sequence[Consultation], encoded: Sequence[Encoded]) -> list[Thought]:
        """The same, with the numbers behind each decision. `encoded`: of each question, as `encode` makes it."""
        if not asked:
            return []
        answers, others = self._answer(encoded, otherwise=True)
        return [
            Thought(self._decision(question, seen, answers, at, others[at]), seen, answers, at)
            for at, (question, seen) in enumerate(zip(asked, encoded, strict=True))
        ]

    def answer(self, encoded: Sequence[Encoded]) -> Answers:
        """At least one question."""
        return self._answer(encoded, otherwise=False)[0]

    def _answer(
        self, encoded: Sequence[Encoded], *, otherwise: bool
    ) -> tuple[Answers, npt.NDArray[np.int64]]:
        """(answers, [Q, classes] the category had each class been read with the same confidence).

        All go through the network in one run: the questions first, then their other readings, where they are wanted.
        """
        count = len(encoded)
        facts, nodes, may = _stacked(encoded)
        if otherwise:
            facts = np.concatenate([facts, _readings(facts)])
            nodes = np.concatenate([nodes, nodes.repeat(len(CLASSES), 0)])
        logits, value, *rest = self._session.run(None, {"facts": facts, "nodes": nodes})
        heads = dict(zip(HEADS, rest, strict=True))
        share = _shares(logits[:count], may)
        rows = np.zeros((count, 1 + len(HEADS)), np.int64)
        rows[:, 0] = share.argmax(1)
        for row, seen, at in zip(rows, encoded, range(count), strict=True):
            category = int(row[0])
            for head in USED[category]:
                row[COLUMN[head]] = _likeliest(heads[head][at, category], seen, head)
        others = np.where(may[:, None], logits[count:].reshape(count, -1, len(CATEGORIES)), -np.inf)
        own = {
            head: logits[:count].copy() for head, logits in heads.items()
        }  # not the other readings, if kept
        return Answers(share.astype(np.float32), value[:count], rows, own), others.argmax(-1)

    def _decision(
        self,
        asked: Consultation,
        seen: Encoded,
        answers: Answers,
        at: int,
        others: npt.NDArray[np.int64],
    ) -> Decision:
        parameters, target = decode(answers.rows[at], asked)
        chosen = parameters.category
        share = float(answers.category[at, answers.rows[at, 0]])
        told = asked.state
        return Decision(
            parameters=parameters,
            target=target,
            explanation=f"{told.fault.value} ({told.confidence:.0%} sure): the policy gives {chosen.value} {share:.0%}",
            probabilities=dict(zip(CATEGORIES, answers.category[at].tolist(), strict=True)),
            masks=_masks(asked, seen),
            value=float(answers.value[at]),
            counterfactuals=tuple(
                Counterfactual(fault=fault, category=CATEGORIES[other])
                for fault, other in zip(CLASSES, others.tolist(), strict=True)
                if CATEGORIES[other] is not chosen and fault is not told.fault
            ),
            decided_by=Decider.PPO,
            model=self.model,
        )


def _stacked(encoded: Sequence[Encoded]) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    """(facts [Q, F], nodes [Q, the most nodes, G], legal categories [Q, C])."""
    facts = np.stack([seen.facts for seen in encoded])
    width = max(len(seen.nodes) for seen in encoded)
    nodes = np.zeros((len(encoded), width, encoded[0].nodes.shape[1]), np.float32)
    for table, seen in zip(nodes, encoded, strict=True):
        table[: len(seen.nodes)] = seen.nodes
    return facts, nodes, np.stack([seen.legal["category"] for seen in encoded])


def _readings(facts: Array) -> Array:
    """[Q * classes, F]: every question once for each class, as if that had been read and no second one."""
    other = facts.repeat(len(CLASSES), 0)
    other[:, READ] = 0.0
    other[np.arange(len(other)), np.tile(READ_AS, len(facts))] = other[:, AT["confidence"]]
    return other


def _shares(logits: Array, legal: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Softmax over the last dimension, of what is legal."""
    masked = np.where(legal, logits.astype(np.float64), -np.inf)
    raised = np.exp(masked - masked.max(-1, keepdims=True))
    shares: npt.NDArray[np.float64] = raised / raised.sum(-1, keepdims=True)
    return shares


def _likeliest(logits: Array, seen: Encoded, head: str) -> int:
    return int(np.where(seen.legal[head], _own(logits, seen, head), NEVER).argmax())


def _own(logits: Array, seen: Encoded, head: str) -> Array:
    """Padding of other questions in the batch stands between a question's own nodes and the scheduler's choice."""
    if head not in POINTERS:
        return logits
    own = logits[: len(seen.nodes)]
    return np.append(own, logits[-1]) if head == "place" else own


def log_probability(answers: Answers, at: int, seen: Encoded) -> float:
    """In nats, of row `at` of the answers: of the category, and of the choices of the heads that it uses."""
    category = int(answers.rows[at, 0])
    shares = [float(answers.category[at, category])]
    for head in USED[category]:
        logits = _own(answers.heads[head][at, category], seen, head)
        shares.append(float(_shares(logits, seen.legal[head])[answers.rows[at, COLUMN[head]]]))
    return float(np.log(np.maximum(shares, 1e-30)).sum())


def _masks(asked: Consultation, seen: Encoded) -> tuple[Mask, ...]:
    """Every category that could not be chosen: with the operator's reason, else because the facts rule it out."""
    given = {mask.category: mask for mask in reversed(asked.masks)}
    ruled_out = (
        category for category, may in zip(CATEGORIES, seen.legal["category"], strict=True) if not may
    )
    return tuple(
        given.get(category) or Mask(category=category, reason=_reason(asked, category))
        for category in ruled_out
    )


def _reason(asked: Consultation, category: Action) -> str:
    tried = {parameters.category for parameters in asked.tried}
    if asked.attempts_left <= 0:
        return "AttemptsUsedUp"
    return "AlreadyTried" if category in tried else NOT_POSSIBLE
