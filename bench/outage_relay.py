"""A relay between an operator and the API server that can fall silent, as a network does that is cut.

Silent, it keeps every connection open and carries nothing: nobody is told, which is what makes a cut worse than a refusal.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import yaml

CHUNK = 65536


class Relay:
    def __init__(self, kubeconfig: Path) -> None:
        self._config = yaml.safe_load(kubeconfig.read_text())
        upstream = urlsplit(self._config["clusters"][0]["cluster"]["server"])
        self._upstream = upstream.hostname, upstream.port or 443
        self._folder = kubeconfig.parent
        self._carries = asyncio.Event()
        self._carries.set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in tuple(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def cut(self) -> None:
        self._carries.clear()

    def mend(self) -> None:
        self._carries.set()

    def kubeconfig(self, out: Path) -> Path:
        """The same cluster and the same user, by way of this relay. The API server's certificate names `localhost`."""
        config = {**self._config, "clusters": [dict(each) for each in self._config["clusters"]]}
        cluster = {**config["clusters"][0]["cluster"], "server": f"https://localhost:{self.port}"}
        config["clusters"][0]["cluster"] = _absolute(cluster, self._folder)
        users = [{**each, "user": _absolute(each["user"], self._folder)} for each in config["users"]]
        out.touch(mode=0o600)
        out.write_text(yaml.safe_dump({**config, "users": users}))
        return out

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        with suppress(OSError, asyncio.CancelledError):
            await self._carries.wait()
            there, back = await asyncio.open_connection(*self._upstream)
            try:
                await _first_of(self._carry(reader, back), self._carry(there, writer))
            finally:
                back.close()
        writer.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK):
                await self._carries.wait()
                target.write(data)
                await target.drain()
        await self._carries.wait()  # not even the end of a connection is heard of


async def _first_of(*ways: Coroutine[None, None, None]) -> None:
    """One end that is gone takes the other with it."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _absolute(part: dict[str, str], folder: Path) -> dict[str, str]:
    """Files that a kubeconfig names beside itself."""
    files = {"certificate-authority", "client-certificate", "client-key"}
    return {key: str(folder / value) if key in files else value for key, value in part.items()}
