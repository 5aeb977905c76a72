"""A server that answers exactly what a test tells it to, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from planaria_operator.kube.client import KubeClient


class Misbehaviour(Enum):
    SILENT = auto()
    CUT = auto()


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class RawServer:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[web.Response | Misbehaviour] = field(default_factory=list)
    """In order. The last one is given again and again."""

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(web.Response(status=status, body=text, headers=named))

    def refuse(self, status: int, reason: str, message: str, **details: Any) -> None:
        """A Status object, as the API server sends it."""
        status_body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message}
        self.answer(status, {**status_body, "code": status, "details": details})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        parsed = json.loads(body) if body else None
        self.asked.append(
            Asked(request.method, request.raw_path, dict(request.query), dict(request.headers), parsed)
        )
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if said is Misbehaviour.SILENT:
            await asyncio.sleep(60)
        if isinstance(said, Misbehaviour):
            assert request.transport
            request.transport.close()
            return web.Response()
        return web.Response(status=said.status, body=said.body, headers=said.headers)


@asynccontextmanager
async def raw_server() -> AsyncIterator[RawServer]:
    raw = RawServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", raw.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    raw.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield raw
    await runner.cleanup()


def client_of(raw: RawServer, *, token: str = "", seconds: float = 5.0) -> KubeClient:
    configuration = Configuration(host=raw.url)
    if token:
        configuration.api_key["BearerToken"] = f"Bearer {token}"
    return KubeClient(ApiClient(configuration), timeout=seconds)
