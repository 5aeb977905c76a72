"""In front of a reader that reads one window at a time: a long line is no failure of the reader."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Final, Self

from planaria_semantics.errors import Busy, TooSlow
from planaria_semantics.extractor import Reader
from planaria_semantics.opinion import Opinion
from planaria_semantics.window import Window

PATIENCE: Final = 10.0
"""Seconds in the line: enough for as many incidents as the operator reads at once, on a core that has other work as well."""


class InTurn:
    """Implements `Reader`. One question is open at a time; the others wait, the first to come first."""

    def __init__(
        self,
        name: str,
        reader: Reader,
        deadline: float,
        patience: float = PATIENCE,
        idle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`deadline`: seconds for one reading, from its turn on. `patience`: seconds until then. `idle`: returns once what the
        reader was given up on has ended, where giving up does not end it.
        """
        self.name = name
        self.longest = patience + deadline
        """Seconds until `read` has returned or raised."""
        self._reader = reader
        self._deadline, self._patience = deadline, patience
        self._turn, self._idle = asyncio.Lock(), idle

    def hurried(self, patience: float) -> Self:
        """The same line, for whoever can wait less."""
        other = copy(self)
        other._patience = patience  # noqa: SLF001  a copy of itself
        other.longest = patience + self._deadline
        return other

    async def read(self, window: Window) -> Opinion:
        """Raises `Busy` where its turn does not come, and `TooSlow` where it was not enough."""
        await self._wait()
        try:
            async with asyncio.timeout(self._deadline):
                return await self._reader.read(window)
        except TimeoutError:
            raise TooSlow(f"{self.name} did not answer within {self._deadline:g} s") from None
        finally:
            self._turn.release()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
                await self._quiet()
        except TimeoutError:
            raise Busy(f"{self.name} was still reading other incidents after {self._patience:g} s") from None

    async def _quiet(self) -> None:
        if self._idle is None:
            return
        try:
            await self._idle()
        except BaseException:
            self._turn.release()
            raise
