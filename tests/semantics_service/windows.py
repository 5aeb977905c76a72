"""Windows by hand, for tests of what stands around a model."""

import asyncio
import re

from planaria_contract import Evidence, Fault, LogLine, ModelVersion, Source
from planaria_semantics.opinion import Opinion
from planaria_semantics.signs.signs import Sign
from planaria_semantics.vllm.reliability import Reliability
from planaria_semantics.window import Entry, Window
from tests.builders import observation

REFUSED = "dial tcp 10.96.3.4:8080: connect: connection refused"


def mask(text):
    return re.sub(r"\d+", "<*>", text)


def window(*texts, pod="front-0", facts=(), first=0, origin="affected"):
    """One entry per text. `first` is the index of the first line in its observation."""
    numbers = range(first, first + len(texts))
    lines = tuple(
        LogLine(index=index, pod=pod, container="app", text=text)
        for index, text in zip(range(first + len(texts)), ("noise",) * first + texts, strict=True)
    )
    entries = tuple(
        Entry("log", index, text, mask(text), origin=origin)
        for index, text in zip(numbers, texts, strict=True)
    )
    signs = tuple(
        Sign(fault, 3, because, Evidence(kind="fact", index=0, excerpt=because)) for fault, because in facts
    )
    return Window(observation(logs=lines), entries, signs)


def answer(fault=Fault.DEPENDENCY_UNAVAILABLE, **fields):
    form = {"fault": fault.value, "secondary": "none", "severity": 2, "certainty": 99, "evidence": [0]}
    return {**form, **fields}


def opinion(fault=Fault.DEPENDENCY_UNAVAILABLE, **fields):
    return Opinion(
        Reliability.unmeasured().probabilities(fault),
        Source.VLLM,
        ModelVersion(id="fake", version="1"),
        **fields,
    )


class Slow:
    """A reader that takes a while, counts, and points at every line."""

    def __init__(self, seconds=0.05, error=None):
        self.seconds, self.error = seconds, error
        self.calls = self.running = self.most = 0

    async def read(self, seen):
        self.calls += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        if self.error:
            raise self.error
        return opinion(
            evidence=tuple(Evidence(kind=e.kind, index=e.index, excerpt=e.text) for e in seen.entries)
        )


class Counted:
    """An `Observer` that remembers."""

    def __init__(self):
        self.questions, self.calls, self.caches = [], [], []

    def asked(self, reader, outcome, seconds):
        self.questions.append((reader, outcome))

    def called(self, reader, outcome):
        self.calls.append((reader, outcome))

    def cached(self, reader, how):
        self.caches.append((reader, how))


class Says:
    """A reader that says one thing, or raises it, after a while."""

    def __init__(self, outcome, seconds=0.0):
        self.outcome, self.seconds, self.calls = outcome, seconds, 0

    async def read(self, seen):
        self.calls += 1
        await asyncio.sleep(self.seconds)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome
