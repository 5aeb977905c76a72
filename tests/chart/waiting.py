"""Waiting for the cluster, which takes its time."""

import time
from collections.abc import Callable
from typing import Any

from tests.e2e.bad_rollout import finished
from tests.kubectl import Kubectl


def eventually(ask: Callable[[], Any], fits: Callable[[Any], Any] = bool, *, seconds: float = 60) -> Any:
    """The first answer that fits. Fails the test, with the last answer, where none does within the time."""
    deadline = time.monotonic() + seconds
    while not fits(found := ask()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still {found!r}"
        time.sleep(0.5)
    return found


def until_finished(kubectl: Kubectl, namespace: str, *, seconds: float = 180) -> Any:
    """The Deployment of the bad rollout, when its Remediation is over. Fails the test, with the records, where it is not in time."""
    deadline = time.monotonic() + seconds
    while not finished(kubectl, namespace):
        assert time.monotonic() < deadline, kubectl("get", "remediations", "-n", namespace, "-o", "yaml")
        time.sleep(0.5)
    return kubectl.json("get", "deployment", "web", "-n", namespace)
