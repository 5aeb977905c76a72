"""What could not be done a moment ago: tried again ever more rarely, and told once.

One namespace whose quota is full, or one record that a newer version wrote, must not keep the loop from everything else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog

from planaria_operator.api.reasons import Reason
from planaria_operator.kube.errors import KubeError, Temporary

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(seconds=30)
"""Each pause is twice the one before."""

REMEMBERED: Final = timedelta(minutes=10)
"""What was not tried again for so long is not wanted any more."""

Key = tuple[str, ...]
"""What was tried, in words for the log: `("open", "HealingPolicy shop/default", "shop/Deployment/front")`."""

T = TypeVar("T")
log = structlog.get_logger("planaria.reconcile")


@dataclass(frozen=True, slots=True)
class Setback:
    why: str
    reason: Reason
    tried: datetime
    pause: timedelta

    def holds(self, now: datetime) -> bool:
        """Not after the clock was set back."""
        return timedelta() <= now - self.tried < self.pause


@dataclass(slots=True)
class Setbacks:
    clock: Callable[[], datetime]
    _known: dict[Key, Setback] = field(default_factory=dict)

    def of(self, key: Key) -> Setback | None:
        return self._known.get(key)

    async def attempt(self, key: Key, do: Callable[[], Awaitable[T]]) -> T | None:
        """What it gives; None where it is refused, cannot be read, or was tried too recently.

        Raises what is Temporary: where the API server is away, that concerns everything else too.
        """
        known = self._known.get(key)
        if known and known.holds(self.clock()):
            return None
        try:
            done = await do()
        except Temporary as error:
            self._note(key, error, Reason.API_UNAVAILABLE)
            raise
        except KubeError as error:
            self._refused(key, error, Reason.REJECTED)
        except ValueError as error:  # written by another version, or by a person
            self._refused(key, error, Reason.RECORD_UNREADABLE)
        else:
            self._known.pop(key, None)
            return done
        return None

    def forget_old(self) -> None:
        oldest = self.clock() - REMEMBERED
        self._known = {key: each for key, each in self._known.items() if each.tried >= oldest}

    def _refused(self, key: Key, error: Exception, reason: Reason) -> None:
        known = self._known.get(key)
        self._note(key, error, reason)
        if known is None or known.why != str(error):
            log.warning("something could not be done; trying again", what=" ".join(key), error=str(error))

    def _note(self, key: Key, error: Exception, reason: Reason) -> None:
        known = self._known.get(key)
        pause = min(2 * known.pause, LONGEST_PAUSE) if known else FIRST_PAUSE
        self._known[key] = Setback(str(error), reason, self.clock(), pause)
