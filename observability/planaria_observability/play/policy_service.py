"""The real policy service in a thread of its own, on a port that stays the same when it is stopped and started."""

import socket
import threading
import time
from pathlib import Path
from typing import Final

import uvicorn
from prometheus_client import CollectorRegistry

from planaria_policy.serving.app import Service
from planaria_policy.serving.shelf import Shelf

START_SECONDS: Final = 20.0


class PolicyServer:
    def __init__(self, memory: Path, port: int = 0) -> None:
        self._memory = memory
        self.port = port or _free_port()
        self._service: Service | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def registry(self) -> CollectorRegistry | None:
        """None while it is stopped."""
        return self._service.registry if self._service else None

    def start(self) -> None:
        """Returns when it is ready; a new process in all but name, so its counters begin at zero. Raises TimeoutError."""
        self._service = Service(Shelf(None), memory=str(self._memory))
        config = uvicorn.Config(self._service.app(), port=self.port, log_level="warning", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="policy service", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._service.ready:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the policy service was not ready within {START_SECONDS:g} s")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(START_SECONDS)
        self._service = self._server = self._thread = None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
