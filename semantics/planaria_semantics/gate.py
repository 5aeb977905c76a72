"""In front of a reader that is asked over the network: few questions, each only once, none too long.

A storm of 500 pods of one cause is one question: their windows have one key.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from planaria_semantics.errors import Busy, TooSlow
from planaria_semantics.extractor import Reader
from planaria_semantics.observer import Observer, Unobserved
from planaria_semantics.opinion import Opinion
from planaria_semantics.window import Entry, Place, Window


@dataclass(frozen=True, slots=True)
class Limits:
    concurrency: int = 4
    queue: int = 64
    """Questions waiting for their turn; one more is refused at once."""
    deadline: float = 5.0
    """Seconds from entry, waiting included."""
    remembered: int = 512
    remembered_seconds: float = 300.0
    """Not for ever: a cause that returns with the same lines may have become another one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An opinion and the places its evidence points to, so that it can be told of another pod's window."""

    opinion: Opinion
    places: tuple[Place, ...]
    at: float

    def told_of(self, window: Window) -> Opinion:
        """The same opinion with this window's lines for evidence. Key equality makes their templates the same."""
        own: dict[Place, Entry] = {}
        for entry in window.entries:
            own.setdefault(entry.place, entry)
        evidence = tuple(own[place].evidence for place in self.places if place in own)
        return replace(self.opinion, evidence=evidence)


class Gate:
    """Implements `Reader`."""

    def __init__(
        self,
        name: str,
        reader: Reader,
        limits: Limits | None = None,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.limits = limits or Limits()
        self._reader = reader
        self._observer = observer or Unobserved()
        self._clock = clock
        self._free = asyncio.Semaphore(self.limits.concurrency)
        self._asking: dict[str, asyncio.Task[Answer]] = {}
        self._known: OrderedDict[str, Answer] = OrderedDict()

    async def read(self, window: Window) -> Opinion:
        answer = self._remembered(window.key)
        if answer is not None:
            self._observer.cached(self.name, "hit")
            return answer.told_of(window)
        task = self._asking.get(window.key)
        if task is None:
            task = self._ask(window)
            self._observer.cached(self.name, "miss")
        else:
            self._observer.cached(self.name, "joined")
        # One who gives up does not take the answer from the others.
        return (await asyncio.shield(task)).told_of(window)

    def _remembered(self, key: str) -> Answer | None:
        answer = self._known.get(key)
        if answer is None:
            return None
        if self._clock() - answer.at > self.limits.remembered_seconds:
            del self._known[key]
            return None
        self._known.move_to_end(key)
        return answer

    def _ask(self, window: Window) -> asyncio.Task[Answer]:
        if len(self._asking) >= self.limits.concurrency + self.limits.queue:
            raise Busy(f"{self.limits.queue} questions to {self.name} are waiting already")
        task = asyncio.create_task(self._answer(window))
        self._asking[window.key] = task
        task.add_done_callback(lambda done: self._done(window.key, done))
        return task

    def _done(self, key: str, task: asyncio.Task[Answer]) -> None:
        self._asking.pop(key, None)
        if task.cancelled() or task.exception() is not None:
            return
        self._known[key] = task.result()
        while len(self._known) > self.limits.remembered:
            self._known.popitem(last=False)

    async def _answer(self, window: Window) -> Answer:
        try:
            async with asyncio.timeout(self.limits.deadline), self._free:
                opinion = await self._reader.read(window)
        except TimeoutError:
            raise TooSlow(f"{self.name} did not answer within {self.limits.deadline:g} s") from None
        return Answer(opinion, _places(opinion, window), self._clock())


def _places(opinion: Opinion, window: Window) -> tuple[Place, ...]:
    """Of evidence that points at entries. Facts are the window's own, and `settle` adds those of the asking one."""
    by_index: dict[tuple[str, int], Place] = {
        (entry.kind, entry.index): entry.place for entry in window.entries
    }
    found = (by_index.get((item.kind, item.index)) for item in opinion.evidence)
    return tuple(place for place in found if place is not None)
