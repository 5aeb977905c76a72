"""What can be had now, with a reason code for the condition `SemanticsAvailable`. It recovers by itself."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from planaria_semantics.errors import SemanticsError

LOG: Final = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[None]]
"""Raises `SemanticsError` where the model would not answer."""


class Reason(StrEnum):
    """Stable: alerts and tests match on them. All but the first three are codes of `errors.py`."""

    MODEL_ANSWERS = "ModelAnswers"
    NOT_CONFIGURED = "NotConfigured"
    NOT_ASKED = "NotAskedYet"
    NOT_REACHED = "NotReached"
    TOO_SLOW = "TooSlow"
    BUSY = "Busy"
    REFUSED = "Refused"
    MALFORMED = "Malformed"
    FAILED = "Failed"
    """Of a kind that has no code of its own: a bug."""


@dataclass(frozen=True, slots=True)
class Status:
    available: bool
    reason: Reason
    message: str
    """One line that a person can act on."""


NOT_CONFIGURED: Final = Status(
    False, Reason.NOT_CONFIGURED, "no vLLM is configured; the embedded extractors read"
)
_NOT_ASKED: Final = Status(False, Reason.NOT_ASKED, "the model was not asked yet")
_ANSWERS: Final = Status(True, Reason.MODEL_ANSWERS, "the model answers")


class Availability:
    """The newest answer, or the newest failure, of a model that is asked over the network."""

    def __init__(
        self,
        probe: Probe | None = None,
        seconds: float = 15.0,
        recovered: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`recovered` is called when a probe succeeds where the last question did not."""
        self._probe = probe
        self._seconds = seconds
        self.recovered = recovered
        self._clock = clock
        self._heard = float("-inf")
        self.status = NOT_CONFIGURED if probe is None else _NOT_ASKED

    def answered(self) -> None:
        self._heard = self._clock()
        self._become(_ANSWERS)

    def failed(self, error: Exception) -> None:
        code = error.code if isinstance(error, SemanticsError) else ""
        reason = Reason(code) if code in set(Reason) else Reason.FAILED
        self._become(Status(False, reason, " ".join(str(error).split())[:500] or reason.value))

    def _become(self, status: Status) -> None:
        if status.reason is not self.status.reason:
            level = logging.INFO if status.available else logging.WARNING
            LOG.log(level, "semantics: %s: %s", status.reason.value, status.message)
        self.status = status

    async def watch(self) -> None:
        """For ever: try a model that does not answer, and check one that was not asked for a while."""
        while self._probe is not None:
            if not self.status.available or self._clock() - self._heard >= self._seconds:
                await self.check()
            await asyncio.sleep(self._seconds)

    async def check(self) -> Status:
        if self._probe is None:
            return self.status
        try:
            await self._probe()
        except SemanticsError as error:
            self.failed(error)
        except Exception as error:
            LOG.exception("the probe of the model has a bug")
            self.failed(error)
        else:
            if not self.status.available:
                self.recovered()
            self.answered()
        return self.status
