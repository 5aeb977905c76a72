"""Implements `Reader` with the shipped model: what lines say is learned, what the structure says is added as a prior."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

import numpy as np

from planaria_contract import CLASSES, Evidence, Fault, ModelVersion, Source
from planaria_semantics.encoder.bundle import SHIPPED, Bundle, BundleError
from planaria_semantics.encoder.heard import added, founded, spoken, weights
from planaria_semantics.encoder.ngrams import Floats
from planaria_semantics.encoder.pool import (
    HEALTHY,
    NOTHING,
    Perceived,
    lines,
    rarity,
    softmax,
    window_logits,
)
from planaria_semantics.encoder.session import Session
from planaria_semantics.encoder.text import normalise
from planaria_semantics.opinion import Opinion
from planaria_semantics.signs.signs import Sign
from planaria_semantics.window import Entry, Window
from planaria_semantics.window.clean import canonical

READ: Final = 14
"""Entries that the encoder reads; the n-gram model chooses them."""
JOINT_CHARACTERS: Final = 240
"""Of one entry within the reading of all together."""
CHARACTERS_PER_TOKEN: Final = 3
"""About as many; what is longer than the network reads is cut from the lines that say least, not from the last."""
TRUST: Final = {"affected": 1.0, "dependent": 0.5, "node": 0.8, "sibling": 0.3}
PRIOR: Final = 0.5
"""Logits for one unit of a fact's weight."""
FOUNDED: Final = 6.0
"""From this weight on facts are more than log text may ever weigh against them (`LOG_REPEATED`)."""
LESS: Final = 2.0
"""By so much weight less than such facts text can speak for one class over another."""
CALM: Final = 4.0
"""Logits for healthy where nothing at all is there: no text, no fact, no symptom."""
SICK: Final = 4.0
"""Logits that healthy loses where a symptom is there, and scheduling_blocked where every pod has its node."""
BLOCKED: Final = CLASSES.index(Fault.SCHEDULING_BLOCKED)
TELLING: Final = 0.3
"""A line less probable than this to speak of the fault is no evidence of it."""
MAX_EVIDENCE: Final = 5


class EncoderReader:
    def __init__(self, bundle: Bundle) -> None:
        # Not the bundle itself: network and words live on in the session alone.
        self._manifest, self._ngrams, self._prototypes = bundle.manifest, bundle.ngrams, bundle.prototypes
        self._session = Session(bundle.network, bundle.tokenizer, bundle.manifest.longest)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self.model = ModelVersion(id=bundle.manifest.id, version=bundle.manifest.version)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Self:
        """Raises `BundleError` where the file is missing or not of this version."""
        bundle = Bundle.load(path)
        try:
            return cls(bundle)
        except Exception as error:  # the two libraries raise kinds of their own
            raise BundleError(
                f"{path}: its network or its words cannot be read ({error}); reinstall planaria"
            ) from error

    async def read(self, window: Window) -> Opinion:
        """Off the event loop, one window at a time: two at once would only take each other's core."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.judge, window)

    async def idle(self) -> None:
        """Once its thread has nothing left to do: a reading that was given up goes on in it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: None)

    def judge(self, window: Window) -> Opinion:
        """As `read`, at once."""
        manifest = self._manifest
        read = self.perceive(added(window))
        apart = lines(manifest.blend, read)
        said = spoken(read.entries, apart)
        probabilities = softmax(_bounded(window_logits(manifest.blend, read), window) + prior(window, said))
        best = int(probabilities.argmax())
        novelty = self._rarity(read)
        return Opinion(
            probabilities=dict(zip(CLASSES, map(float, probabilities), strict=True)),
            source=Source.ENCODER,
            model=self.model,
            novelty=novelty,
            unknown=self._unknown(novelty, float(probabilities[best]), window),
            evidence=_evidence(apart, read.entries, best, window.facts),
            severity=read.severity,
        )

    def novelty(self, window: Window) -> float:
        """How rare text as far from the training text as this is among known text, 0 to 1. Blocks until its turn."""
        return self._thread.submit(lambda: self._rarity(self.perceive(added(window)))).result()

    def perceive(self, entries: Sequence[Entry]) -> Perceived:
        """What the two models make of the text, before it is weighed."""
        if not entries:
            return NOTHING
        chosen, texts, grams = self._chosen(entries)
        readings = self._session.read(texts)
        if len(texts) > 1:
            joint = [self._joined(chosen, texts, softmax(readings.fault + grams))]
            readings = readings.and_then(self._session.read(joint))
            grams = np.concatenate((grams, self._ngrams.logits(joint)))
        nearest = (readings.vectors[: len(texts)] @ self._prototypes.T).max(axis=1)
        speaking = int(softmax(grams[: len(texts)])[:, HEALTHY].argmin())
        return Perceived(
            entries=chosen,
            encoder=readings.fault,
            ngrams=grams,
            trust=np.asarray([TRUST[entry.origin] for entry in chosen], dtype=np.float32),
            distance=float(1 - nearest[speaking]),
            severity=int(readings.severity[-1].argmax()),
        )

    def _joined(self, entries: Sequence[Entry], texts: Sequence[str], probabilities: Floats) -> str:
        """Those that speak most clearly, and least expectedly, of a fault: as many as can be read at once, in their order."""
        clarity = np.delete(probabilities, HEALTHY, axis=1).max(axis=1)
        clarity *= [1 + entry.surprise for entry in entries]
        room = CHARACTERS_PER_TOKEN * self._manifest.longest
        kept: set[int] = set()
        for at in np.argsort(-clarity, kind="stable"):
            if room > 0:
                kept.add(int(at))
                room -= len(texts[at][:JOINT_CHARACTERS])
        return " | ".join(texts[at][:JOINT_CHARACTERS] for at in sorted(kept))

    def _chosen(self, entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], list[str], Floats]:
        """The entries that sound least healthy, in their order, with their normalised texts and n-gram logits."""
        texts = [normalise(canonical(entry.text)) for entry in entries]
        grams = self._ngrams.logits(texts)
        alarm = 1 - softmax(grams)[:, HEALTHY]
        kept = sorted(sorted(range(len(entries)), key=lambda at: (-alarm[at], -entries[at].surprise))[:READ])
        return tuple(entries[at] for at in kept), [texts[at] for at in kept], grams[kept]

    def _rarity(self, read: Perceived) -> float:
        return rarity(read.distance, self._manifest.novelty) if read.entries else 0.0

    def _unknown(self, novelty: float, probability: float, window: Window) -> bool:
        manifest = self._manifest
        if not window.entries:  # nothing was read, so nothing is known but what a fact or calm says
            return not window.facts and bool(window.observation.symptoms)
        unsure = probability < manifest.unknown_probability
        return not window.facts and unsure and novelty >= manifest.unknown_novelty


def prior(window: Window, said: frozenset[Fault] = frozenset()) -> Floats:
    """(16,) logits of what the structure says, given what the lines speak of."""
    scores = weights(window.facts, said)
    found = np.asarray([PRIOR * scores.get(fault, 0.0) for fault in CLASSES], dtype=np.float32)
    if window.observation.symptoms:
        found[HEALTHY] -= SICK
    elif not window.entries and not window.facts:
        found[HEALTHY] += CALM
    if _placed(window):
        found[BLOCKED] -= SICK
    return found


def _placed(window: Window) -> bool:
    """Every pod has a node, so none is waiting for one, whatever a line says that anybody can write."""
    pods = window.observation.pods
    reported = any(sign.fault is Fault.SCHEDULING_BLOCKED for sign in window.facts)
    return bool(pods) and all(pod.node for pod in pods) and not reported


def _bounded(text: Floats, window: Window) -> Floats:
    """Whoever writes a log line must not overrule what Kubernetes itself reports.

    Where there are neither log lines nor symptoms, text and fact are one event: its message says more than its reason.
    """
    weight = founded(window.facts)
    anybodys = window.observation.symptoms or any(entry.kind == "log" for entry in window.entries)
    if weight < FOUNDED or not anybodys:
        return text
    return np.asarray(np.maximum(text, text.max() - PRIOR * (weight - LESS)), dtype=np.float32)


def _evidence(
    probabilities: Floats, entries: tuple[Entry, ...], best: int, facts: Sequence[Sign]
) -> tuple[Evidence, ...]:
    """The lines that tell of the fault; where no line does alone, and no fact, the one that comes nearest to it."""
    if CLASSES[best] is Fault.HEALTHY or not entries:
        return ()
    order = np.argsort(-probabilities[:, best])[:MAX_EVIDENCE]
    telling = [entries[at] for at in order if probabilities[at, best] >= TELLING]
    if not telling and all(fact.fault is not CLASSES[best] for fact in facts):
        telling = [entries[order[0]]]
    return tuple(entry.evidence for entry in telling)
