"""Waiting with a limit, and an error that says what was waited for."""

import time
from collections.abc import Callable

from planaria_cluster.errors import NotReadyError


def wait_until(
    done: Callable[[], bool],
    what: str,
    seconds: float,
    failed: Callable[[], str | None] = lambda: None,
    interval: float = 0.1,
) -> None:
    """Return once `done()`; ask every `interval` seconds.

    `failed` may give a reason to stop early, such as the death of the process that is waited for.
    Raises NotReadyError with `what` after `seconds`, or with the reason.
    """
    deadline = time.monotonic() + seconds
    while not done():
        reason = failed()
        if reason:
            raise NotReadyError(f"{what}: {reason}")
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what} within {seconds:.0f} s")
        time.sleep(interval)
