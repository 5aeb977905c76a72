"""Who decides in a scenario: the same faults under the rules and under the learned policy."""

import copy
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final, Literal

from planaria_scenarios.catalogue import Entry
from planaria_scenarios.errors import ScenarioError
from planaria_scenarios.subprocesses import free_port

Mode = Literal["rules", "shadow", "policy"]

READY_SECONDS: Final = 60.0
DEADLINE: Final = "1"
"""Seconds. On a busy machine of few cores a process may wait longer for its turn than the usual 50 ms."""


def decided_by(entry: Entry, mode: Mode) -> Entry:
    """The same scenario with this mode in its policy objects."""
    bodies = copy.deepcopy(entry.policy)
    for body in bodies:
        body["spec"]["decide"] = {"mode": mode}
    return replace(entry, policy=bodies)


@contextmanager
def policy_service(*options: str) -> Iterator[str]:
    """A real service on the shipped policy, in a process of its own; its address. Raises ScenarioError."""
    port = free_port()
    command = [sys.executable, "-m", "planaria_cli", "policy", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command)
    try:
        _wait_until_ready(process, address := f"http://127.0.0.1:{port}")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def operator_options(service: str) -> tuple[str, ...]:
    """For an operator that is to ask the service."""
    return ("--policy-url", service, "--policy-deadline", DEADLINE)


def _wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{address}/readyz", timeout=1).close()  # noqa: S310  the address is ours
            return
        time.sleep(0.1)
    raise ScenarioError(
        f"the policy service at {address} is not ready after {READY_SECONDS:.0f} s; its output says why"
    )
