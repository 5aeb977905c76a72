"""When a service that keeps failing is asked again: closed, it is asked; open, left alone; half open, one question tries it."""

import random
import time
from collections.abc import Callable
from typing import Final

FAILURES: Final = 3
"""In a row, until it is left alone."""
JITTER: Final = 0.2
"""Share of the pause that is random, so that replicas of the operator do not all come back at once."""


class Circuit:
    """Every question that `begin` lets through ends with `end`, and with `failed` or `reset` where it says something of the service."""

    def __init__(self, first: float, longest: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`first`, `longest`: seconds of pause; each trial that fails doubles it."""
        self._first, self._longest = first, longest
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """It answered, or somebody saw it answer: ask again at once."""
        self.failures = 0
        self.pause = self._first
        self.closed_until = 0.0
        self._trying = False

    @property
    def failing(self) -> bool:
        return self.failures >= FAILURES

    @property
    def open(self) -> bool:
        return self.failing and (self._trying or self._clock() < self.closed_until)

    def begin(self) -> bool:
        """Whether the question that begins is the one that tries it."""
        self._trying = self.failing
        return self._trying

    def end(self, *, trial: bool) -> None:
        if trial:  # another's goes on
            self._trying = False

    def failed(self, *, trial: bool) -> bool:
        """False for what was on its way before the others failed: one moment of a storm is one trouble."""
        if self.failing and not trial:
            return False
        self.failures += 1
        if self.failing:
            self.closed_until = self._clock() + self.pause * random.uniform(1 - JITTER, 1 + JITTER)
            self.pause = min(2 * self.pause, self._longest)
        return True
