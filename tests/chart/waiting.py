"""Waiting for the cluster, which takes its time."""

import time
from collections.abc import Callable
from typing import Any


def eventually(ask: Callable[[], Any], fits: Callable[[Any], Any] = bool, *, seconds: float = 60) -> Any:
    """The first answer that fits. Fails the test, with the last answer, where none does within the time."""
    deadline = time.monotonic() + seconds
    while not fits(found := ask()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still {found!r}"
        time.sleep(0.5)
    return found
