"""A policy service as a process on a core of its own, and what the kernel counts of it."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planaria_scenarios.subprocesses import free_port

START_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.002
TICKS: Final = os.sysconf("SC_CLK_TCK")

HOST: Final = "127.0.0.1"


@dataclass
class Started:
    process: "subprocess.Popen[bytes]"
    port: int
    began: float
    cold_seconds: float = 0.0
    """From starting the process to the first 200 of /readyz."""
    cold_cpu_seconds: float = 0.0

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def wait(self) -> None:
        """Until it is ready."""
        while time.perf_counter() - self.began < START_SECONDS and self.process.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                if self.ask("/readyz") == http.client.OK:
                    self.cold_seconds = time.perf_counter() - self.began
                    self.cold_cpu_seconds = self.cpu_seconds()
                    return
            time.sleep(LOOK_SECONDS)
        raise RuntimeError(
            f"the policy service is not ready after {START_SECONDS:.0f} s; its output says why"
        )

    def cpu_seconds(self) -> float:
        """User and system time of all threads so far."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def waited_seconds(self) -> float:
        """How long its main thread was ready to run, but the core was somebody else's."""
        return int((self._proc / "schedstat").read_text().split()[1]) / 1e9

    def mib(self) -> dict[str, float]:
        """`rss`, and `pss`, which counts its share of what other processes map too."""
        text = (self._proc / "smaps_rollup").read_text()
        found = dict(re.findall(r"^(Rss|Pss): +(\d+) kB", text, re.MULTILINE))
        return {name.lower(): int(size) / 1024 for name, size in found.items()}

    def ask(self, path: str) -> int:
        """The status of a GET."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    @property
    def _proc(self) -> Path:
        return Path("/proc") / str(self.process.pid)


@contextmanager
def service(core: int, bytecode: Path) -> Iterator[Started]:
    """`planaria policy serve` with the shipped policy, bound to `core` from its first instruction on.

    `bytecode`: a folder for compiled modules, which an installed package has beside it and a checkout may not. The first
    start fills it. Raises RuntimeError where the service is not ready within a minute.
    """
    began, port = time.perf_counter(), free_port()
    started = Started(_start(core, port, bytecode), port, began)
    try:
        started.wait()
        yield started
    finally:
        process = started.process
        process.terminate()
        process.wait(10)


def _start(core: int, port: int, bytecode: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "planaria_cli", "policy", "serve", "--port", str(port)]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONOPTIMIZE": "2"}  # as its image
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return subprocess.Popen(command, env=environment)
    finally:
        os.sched_setaffinity(0, before)
