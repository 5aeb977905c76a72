"""A reader that keeps failing is left alone for a while, so that a dead server costs no incident its deadline."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from planaria_semantics.availability import Availability
from planaria_semantics.circuit import Circuit
from planaria_semantics.errors import Busy, SemanticsError, TooSlow
from planaria_semantics.extractor import Reader
from planaria_semantics.observer import Observer, Unobserved
from planaria_semantics.opinion import Opinion
from planaria_semantics.window import Window

LOG: Final = logging.getLogger(__name__)
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0


class Breaker:
    """Implements `Reader`. Closed: asks. Open: raises what failed last, at once. Half open: one call tries again."""

    def __init__(
        self,
        name: str,
        reader: Reader,
        availability: Availability | None = None,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
        least: float = 0.0,
    ) -> None:
        """`least`: seconds that the reader must have had for it to be its failure that whoever asked had no more time."""
        self.name = name
        self._reader = reader
        self._availability = availability
        self._observer = observer or Unobserved()
        self._clock = clock
        self._least = least
        self._circuit = Circuit(FIRST_PAUSE, LONGEST_PAUSE, clock)
        self.reset()

    def reset(self) -> None:
        """Ask again at once: somebody saw it answer."""
        self._circuit.reset()
        self._last: SemanticsError | None = None

    @property
    def open(self) -> bool:
        return self._circuit.open

    @property
    def left_alone(self) -> str:
        """Why it is not asked, or only tried now and then; empty from its next answer on."""
        return f"{self.name} is left alone for a while: {self._last}" if self._circuit.failing else ""

    async def read(self, window: Window) -> Opinion:
        if self.open and self._last is not None:
            raise type(self._last)(self.left_alone)
        trial, begun = self._circuit.begin(), self._clock()
        try:
            opinion = await self._reader.read(window)
        except SemanticsError as error:
            self._failed(error, trial=trial)
            raise
        except asyncio.CancelledError:  # whoever asked has no more time
            self._given_up(self._clock() - begun, trial=trial)
            raise
        finally:
            self._circuit.end(trial=trial)
        self.reset()
        self._observer.called(self.name, "ok")
        if self._availability is not None:
            self._availability.answered()
        return opinion

    def _given_up(self, seconds: float, *, trial: bool) -> None:
        error = TooSlow(f"{self.name} had not answered when its time was up")
        if seconds >= self._least:
            self._failed(error, trial=trial)
        else:  # the rest of the time had gone in the line before it, which says nothing of the reader
            self._observer.called(self.name, error.code)

    def _failed(self, error: SemanticsError, *, trial: bool) -> None:
        self._observer.called(self.name, error.code)
        if self._availability is not None:
            self._availability.failed(error)
        if isinstance(error, Busy):
            return  # it is there and answers at once: leaving it alone would save no time
        pause = self._circuit.pause
        if not self._circuit.failed(trial=trial):
            return  # told once more all the same
        self._last = error
        if self._circuit.failing:
            LOG.warning(
                "%s failed %d times in a row, next try in %.0f s: %s",
                self.name,
                self._circuit.failures,
                pause,
                error,
            )
