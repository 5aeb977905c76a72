"""How evidence is read: every source for itself, bounded in time and number, and never a reason to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from planaria_operator.kube.errors import KubeError
from planaria_operator.text import shortened

T = TypeVar("T")

PARALLEL: Final = 8
"""Calls in flight for one observation."""
SOURCE_SECONDS: Final = 6.0
TOTAL_SECONDS: Final = 10.0
"""An incident is not made older by its own diagnosis: what has not answered by then is done without."""


class SourceError(ValueError):
    """A source that says itself, in one line, why it has nothing."""


class Sources:
    """Reads sources side by side and keeps the names of those that failed."""

    def __init__(
        self, *, source_seconds: float = SOURCE_SECONDS, total_seconds: float = TOTAL_SECONDS
    ) -> None:
        self.missing: list[str] = []
        self._slots = asyncio.Semaphore(PARALLEL)
        self._source_seconds = source_seconds
        self._end = asyncio.get_running_loop().time() + total_seconds

    async def read(self, name: str, source: Coroutine[Any, Any, T], otherwise: T) -> T:
        """What `source` gives, or `otherwise` and a line in `missing`."""
        try:
            async with asyncio.timeout_at(self._end), self._slots, asyncio.timeout(self._source_seconds):
                return await source
        except (KubeError, SourceError) as error:
            self.note(name, str(error))
        except TimeoutError:
            self.note(name, "no answer in time")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.note(name, f"not understood ({type(error).__name__})")
        finally:
            source.close()  # where there was no time left to begin it
        return otherwise

    def note(self, name: str, why: str) -> None:
        """Also for a source that was not even asked."""
        self.missing.append(shortened(f"{name}: {why}", 200))
