"""The extractor that the operator asks: readers in order of trust, and the rules when none of them answers."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from planaria_contract import Fault, ModelVersion, Observation, SemanticState, Source
from planaria_semantics.availability import Availability
from planaria_semantics.breaker import Breaker
from planaria_semantics.errors import SemanticsError, TooSlow
from planaria_semantics.extractor import Extractor, Reader
from planaria_semantics.observer import Observer, Unobserved
from planaria_semantics.opinion import Opinion
from planaria_semantics.rules import RulesExtractor
from planaria_semantics.state import settle
from planaria_semantics.window import Budget, Window, build

LOG: Final = logging.getLogger(__name__)
NOBODY: Final = ModelVersion(id="none", version="1")


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    reader: Reader
    deadline: float
    """Seconds. A reader that keeps a deadline of its own should get a little more here."""
    breaker: Breaker | None = None
    """That of the reader, where it can say that it is left alone."""


class Cascade:
    """Implements `Extractor`. It never raises: an incident without a meaning still has a record and an owner."""

    def __init__(
        self,
        steps: Sequence[Step] = (),
        *,
        rules: Extractor | None = None,
        availability: Availability | None = None,
        observer: Observer | None = None,
        budget: Budget | None = None,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.steps = tuple(steps)
        self.availability = availability or Availability()
        self._rules = rules or RulesExtractor()
        self._observer = observer or Unobserved()
        self._budget = budget
        self._close = close

    @property
    def left_alone(self) -> str:
        """Why the last reader is not asked now, so that behind it only the rules are left; empty while it is asked."""
        breaker = self.steps[-1].breaker if self.steps else None
        return breaker.left_alone if breaker else ""

    async def watch(self) -> None:
        """Keep `availability` true. Runs until it is cancelled, or returns where there is nothing to watch."""
        await self.availability.watch()

    async def aclose(self) -> None:
        if self._close is not None:
            await self._close()

    async def extract(self, observation: Observation) -> SemanticState:
        state = await self._by_readers(observation) if self.steps else None
        return state or await self._by_rules(observation)

    async def _by_readers(self, observation: Observation) -> SemanticState | None:
        try:
            window = await asyncio.to_thread(build, observation, self._budget)
        except Exception:
            LOG.exception("the window of incident %s could not be built", observation.incident)
            return None
        for step in self.steps:
            state = await self._by(step, window)
            if state is not None:
                return state
        return None

    async def _by(self, step: Step, window: Window) -> SemanticState | None:
        started, outcome = time.monotonic(), "ok"
        try:
            opinion = await _within(step, window)
            return await asyncio.to_thread(settle, opinion, window)
        except SemanticsError as error:
            outcome = error.code
            LOG.info("%s gave no opinion: %s: %s", step.name, error.code, error)
        except Exception:
            outcome = "bug"
            LOG.exception("%s failed on incident %s", step.name, window.observation.incident)
        finally:
            self._observer.asked(step.name, outcome, time.monotonic() - started)
        return None

    async def _by_rules(self, observation: Observation) -> SemanticState:
        started, outcome = time.monotonic(), "ok"
        try:
            return await self._rules.extract(observation)
        except Exception:
            outcome = "bug"
            LOG.exception("the rules failed on incident %s", observation.incident)
            return _nothing_known(observation)
        finally:
            self._observer.asked("rules", outcome, time.monotonic() - started)


async def _within(step: Step, window: Window) -> Opinion:
    try:
        async with asyncio.timeout(step.deadline):
            return await step.reader.read(window)
    except TimeoutError:
        raise TooSlow(f"{step.name} did not answer within {step.deadline:g} s") from None


def _nothing_known(observation: Observation) -> SemanticState:
    return SemanticState(
        fault=Fault.UNKNOWN,
        component=str(observation.target)[:253],
        severity=1,
        confidence=0.0,
        novelty=1.0,
        summary="its evidence could not be read",
        source=Source.RULES,
        model=NOBODY,
    )
