"""A plain TCP relay in front of the API server. It knows nothing of HTTP or TLS, so it can do what a network does: cut
connections, or go on holding them and carry nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Relay:
    def __init__(self, upstream: str) -> None:
        address = urlsplit(upstream)
        self._upstream = (address.hostname or "", address.port or 443)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._tap = _open_tap()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse new connections and cut those that are open."""
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def hold(self) -> None:
        """Carry nothing more on connections that are open now; new ones work."""
        self._tap.clear()
        self._tap = _open_tap()

    def _accept(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(near_in, near_out, self._tap))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(
        self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter, tap: asyncio.Event
    ) -> None:
        far_in, far_out = await asyncio.open_connection(*self._upstream)
        self._writers |= {near_out, far_out}
        try:
            await asyncio.gather(self._pump(near_in, far_out, tap), self._pump(far_in, near_out, tap))
        finally:
            for writer in (near_out, far_out):
                writer.close()
                self._writers.discard(writer)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, tap: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await tap.wait()
                sink.write(data)
                await sink.drain()
        sink.transport.abort()


def _open_tap() -> asyncio.Event:
    tap = asyncio.Event()
    tap.set()
    return tap


@asynccontextmanager
async def relay(upstream: str) -> AsyncIterator[Relay]:
    between = Relay(upstream)
    await between.start()
    yield between
    await between.stop()
