"""How long the event loop is kept from running. A loop that is blocked sees nothing and heals nothing."""

import asyncio
from collections import deque
from typing import Final

from planaria_operator.telemetry.metrics import LOOP_LAG_SECONDS

INTERVAL: Final = 0.05
"""Seconds between two looks."""
WINDOW: Final = 10.0
"""Seconds over which the worst is kept."""


class LoopLag:
    """The worst of the last `WINDOW` seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()

    def add(self, at: float, lag: float) -> None:
        """`at` is a monotonic time in seconds."""
        self._samples.append((at, lag))
        while self._samples[0][0] < at - WINDOW:
            self._samples.popleft()

    @property
    def worst(self) -> float:
        return max((lag for _, lag in self._samples), default=0.0)


async def watch_loop_lag(lag: LoopLag | None = None) -> None:
    """Measure for ever, and show the worst of the window in `planaria_loop_lag_seconds`."""
    lag = lag or LoopLag()
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + INTERVAL
        await asyncio.sleep(INTERVAL)
        woken = clock()
        lag.add(woken, max(0.0, woken - due))
        LOOP_LAG_SECONDS.set(lag.worst)
