"""How often one object may speak: a token bucket each, so that a flapping pod does not drown the others."""

from collections import OrderedDict
from typing import Final

BURST: Final = 25
REFILL_SECONDS: Final = 5.0
"""One more Event every so many seconds. client-go allows the same burst and then one in five minutes, which would
hide the end of an incident that took long.
"""
MOST_BUCKETS: Final = 4096


class RateLimiter:
    def __init__(self, burst: int = BURST, refill_seconds: float = REFILL_SECONDS) -> None:
        self._burst = float(burst)
        self._refill = refill_seconds
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, key: object, now: float) -> bool:
        """Whether one more passes for `key`; `now` is a monotonic time in seconds."""
        tokens, at = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) / self._refill)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        while len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return allowed
