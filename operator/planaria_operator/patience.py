"""Waiting for what is needed to start, and saying what is missing."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog

from planaria_operator.kube.connect import ConfigMalformed, ConfigMissing
from planaria_operator.kube.errors import KubeError
from planaria_operator.watch.errors import WatchError

LONGEST_PAUSE = 15.0
"""Seconds between two tries."""

T = TypeVar("T")
log = structlog.get_logger("planaria.app")


async def patiently(what: str, attempt: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
    """Try until it works; None where it was stopped first.

    One line says why it does not work, and another only when that changes. Raises ConfigMissing and ConfigMalformed,
    because no waiting mends a wrong command line.
    """
    pause, said = 1.0, ""
    while not stop.is_set():
        try:
            return await attempt()
        except (ConfigMissing, ConfigMalformed):
            raise
        except (KubeError, WatchError) as error:
            if str(error) != said:
                said = str(error)
                log.warning("waiting", cannot=what, error=said)
        await pause_for(pause, stop)
        pause = min(pause * 2, LONGEST_PAUSE)
    return None


async def pause_for(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, but not past the end."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
