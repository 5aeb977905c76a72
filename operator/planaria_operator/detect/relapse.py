"""Has a container that failed proven that it is well again?

A crash-looping container runs for a moment between two crashes, and without a readiness probe its pod is even Ready
then. If it counted as well in that moment, an incident would close and reopen with every crash. So a container that
came back is on probation until it has outlived its last instance, for at most two minutes.
"""

from datetime import datetime
from typing import Final

from planaria_operator.objects.pod import Container, Termination

PROBATION_MIN: Final = 60
PROBATION_MAX: Final = 120
"""Seconds. The upper bound keeps the proof well inside the default verification time-out of 180 s."""

LONG_LIVED: Final = 600
"""Seconds after which the kubelet too forgets earlier crashes: what ran for longer proves itself by the shortest probation."""


def ending(container: Container) -> Termination | None:
    """How the container's latest finished instance ended."""
    return container.terminated or container.last_termination


def on_probation(container: Container, now: datetime) -> bool:
    """True from a restart until the new instance has run half as long again as the one that failed, within the bounds."""
    if container.restarts == 0 or not ending(container):
        return False
    if container.running_since is None:
        return True
    return (now - container.running_since).total_seconds() < _probation(container)


def _probation(container: Container) -> float:
    ran = _run_seconds(container.last_termination)
    if ran is None or ran > LONG_LIVED:
        return PROBATION_MIN
    return min(max(1.5 * ran, PROBATION_MIN), PROBATION_MAX)


def restarts_within(container: Container, window: int, now: datetime) -> int:
    """An estimate, never above the true lifetime count, of the restarts in the last `window` seconds.

    The API keeps only a lifetime count and the latest finished instance. A year-old pod with five restarts that
    crashes once today has not restarted five times in ten minutes, so the count is bounded by the pace at which
    that latest instance came and went.
    """
    ended = ending(container)
    if ended is None or ended.finished is None or container.restarts == 0:
        return 0
    age = (now - ended.finished).total_seconds()
    if age > window:
        return 0
    ran = _run_seconds(ended)
    if ran is None:
        return container.restarts
    return min(container.restarts, 1 + int((window - max(age, 0)) / max(ran, 1)))


def _run_seconds(ended: Termination | None) -> float | None:
    if ended is None or ended.finished is None or ended.started is None:
        return None
    return max((ended.finished - ended.started).total_seconds(), 0)
