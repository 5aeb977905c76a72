"""What the service does with a memory: keep every decision, join it with its outcome, show what came of the like before."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge

from planaria_contract import Consultation, Outcome
from planaria_policy.errors import BadData, Temporary
from planaria_policy.memory import Memory
from planaria_policy.memory.place import place
from planaria_policy.recording.joining import joined
from planaria_policy.recording.precedents import Found, precedents
from planaria_policy.recording.step import Step
from planaria_policy.recording.worker import Worker
from planaria_policy.serving.brain import Thought
from planaria_policy.spaces.encode import Encoded
from planaria_policy.spaces.sights import SIGHTS

log = logging.getLogger("planaria.policy.recording")

WAITING: Final = 2000
"""Decisions and outcomes that may wait for the database."""
LOOK_SECONDS: Final = 0.006
"""After the decision is made: the operator gives it 50 ms as a whole."""
LEARN_SECONDS: Final = 1.5
"""The operator waits two seconds for the receipt; what is not written by then still is, later."""


@dataclass(frozen=True)
class Receipt:
    kept: bool
    """It is in the memory, or on its way there."""
    reason: str
    """Kept, Queued, UnknownIncident, QueueFull, Unreadable, NotReached, Damaged, or Failed."""


class Recorder:
    """For one event loop. No method raises where the database fails."""

    def __init__(self, url: str, registry: CollectorRegistry) -> None:
        """Raises BadData where `url` cannot be one of a memory."""
        self._where = str(place(url))
        self._writer = Worker(url, "memory writer", room=WAITING, patient=True)
        self._reader = Worker(url, "memory reader", room=1, patient=False)
        self._said: str = ""
        self.kept = Counter(
            "planaria_policy_memory_kept",
            "Decisions (step) and reports (outcome) for the memory, by what became of them.",
            ["what", "result"],
            registry=registry,
        )
        self.shown = Counter(
            "planaria_policy_precedents",
            "Looks for remembered incidents, by how they ended (Found, None, Late, NotReached, Damaged, Failed).",
            ["result"],
            registry=registry,
        )
        waiting = Gauge(
            "planaria_policy_memory_waiting",
            "Decisions and reports that wait for the database.",
            registry=registry,
        )
        waiting.set_function(lambda: self._writer.waiting)

    def start(self) -> None:
        self._writer.start()
        self._reader.start()
        self._warm()

    def close(self) -> None:
        lost = self._writer.close()
        self._reader.close()
        if lost:
            log.warning(
                "memory %s: %d decisions and reports could not be written any more", self._where, lost
            )

    def about(self) -> dict[str, Any]:
        """For people: where it is, whether it answers, and what waits."""
        trouble = self._writer.trouble or self._reader.trouble
        return {
            "place": self._where,
            "answers": not trouble,
            "trouble": trouble,
            "waiting": self._writer.waiting,
        }

    # --- decisions

    def keep(self, asked: Sequence[Consultation], thoughts: Sequence[Thought]) -> None:
        """Never waits. Questions without the name of an incident are left out: nobody will report on them."""
        for question, thought in zip(asked, thoughts, strict=True):
            if question.incident:
                self._count("step", self._writer.put(partial(_keep, question, thought)))

    def look(self, encoded: Sequence[Encoded], asked: Sequence[Consultation]) -> Future[list[Found]] | None:
        """Begins to look for precedents; None where the look before is not over."""
        incidents = [question.incident for question in asked]
        return self._reader.put(lambda memory: precedents(memory, encoded, incidents))

    async def found(self, looking: Future[list[Found]] | None) -> list[Found]:
        """Of each question; an empty list where they did not come in time."""
        told: list[Found] = []
        result = "Late"
        if looking:
            try:
                told = await asyncio.wait_for(asyncio.wrap_future(looking), LOOK_SECONDS)
                result = "Found" if any(told) else "None"
            except Exception as error:  # noqa: BLE001  precedents are worth no decision
                result = "Late" if isinstance(error, TimeoutError) else _named(error)
        self.shown.labels(result).inc()
        return told

    # --- reports

    async def learn(self, outcome: Outcome) -> Receipt:
        """Waits a short while for the database; what takes longer is written later."""
        writing = self._writer.put(partial(_learn, outcome))
        self._count("outcome", writing)
        if writing is None:
            return Receipt(kept=False, reason="QueueFull")
        try:
            reason = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(writing)), LEARN_SECONDS)
        except TimeoutError:
            return Receipt(kept=True, reason="Queued")
        except Exception as error:  # noqa: BLE001  told in the receipt and counted
            return Receipt(kept=False, reason=_named(error))
        if reason == "Kept":
            self._warm()
        return Receipt(kept=reason == "Kept", reason=reason)

    # --- inside

    def _warm(self) -> None:
        """Reading the first facts of a large memory takes a second; no decision shall meet that."""
        self._reader.put(lambda memory: memory.nearest(np.zeros(len(SIGHTS), np.float32), 1))

    def _count(self, what: str, writing: Future[str] | None) -> None:
        if writing is None:
            self.kept.labels(what, "QueueFull").inc()
            self._tell(f"memory {self._where}: the queue is full")
        else:
            writing.add_done_callback(partial(self._written, what))

    def _written(self, what: str, writing: Future[str]) -> None:
        """In the writer's thread, or in that of the event loop."""
        error = writing.exception()
        self.kept.labels(what, _named(error) if error else writing.result()).inc()
        self._tell(str(error) if error else "")

    def _tell(self, trouble: str) -> None:
        """Once for each trouble, not for each decision."""
        if trouble and trouble != self._said:
            log.warning("decisions go on, but are not remembered: %s", trouble)
        self._said = trouble


def _named(error: BaseException) -> str:
    if isinstance(error, Temporary):
        return "NotReached"
    return "Damaged" if isinstance(error, BadData) else "Failed"


def _keep(asked: Consultation, thought: Thought, memory: Memory) -> str:
    try:
        data = Step.of(asked, thought).to_bytes()
    except BadData:  # a name that no database can hold
        return "Unreadable"
    memory.pending.add(asked.incident, data)
    return "Kept"


def _learn(outcome: Outcome, memory: Memory) -> str:
    """The trajectory first: dying between the two leaves steps that grow old, and nothing twice."""
    if "\0" in outcome.incident:
        return "UnknownIncident"
    held = memory.pending.of(outcome.incident)
    if not held:
        return "UnknownIncident"
    # A real incident is rare; it is not to count as stale because the policy that served is older than the trainer's.
    version = memory.stats().newest_version or 0
    try:
        one = joined([Step.from_bytes(data) for data in held], outcome, version)
    except BadData as error:
        log.warning("incident %s cannot be remembered: %s", outcome.incident, error)
        memory.pending.drop(outcome.incident)
        return "Unreadable"
    memory.add([one])
    memory.pending.drop(outcome.incident)
    return "Kept"
