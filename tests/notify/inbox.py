"""A receiver: a real HTTP server that answers as it was told to and keeps what it got."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Got:
    headers: dict[str, str]
    body: bytes


@dataclass
class Inbox:
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the next answers; afterwards 200."""
    got: list[Got] = field(default_factory=list)
    url: str = ""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is answered while it is not set."""

    def __post_init__(self) -> None:
        self.open.set()

    async def arrived(self, count: int) -> None:
        while len(self.got) < count:
            await asyncio.sleep(0.01)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(Got(dict(request.headers), await request.read()))
        await self.open.wait()
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return web.Response(status=status, headers=headers, text="token=do-not-keep-this")


@asynccontextmanager
async def served(ssl_context: Any = None) -> AsyncIterator[Inbox]:
    inbox = Inbox()
    app = web.Application()
    app.router.add_post("/hook/s3cr3t", inbox.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context)
    await site.start()
    host, port = runner.addresses[0][:2]
    inbox.url = f"{'https' if ssl_context else 'http'}://{host}:{port}/hook/s3cr3t"
    try:
        yield inbox
    finally:
        await runner.cleanup()
