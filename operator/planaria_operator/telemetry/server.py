"""/healthz, /readyz and /metrics. A probe says what it checked and why it refuses, in JSON."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from planaria_operator.telemetry.checks import Check
from planaria_operator.telemetry.metrics import REGISTRY

Checks = Callable[[], Sequence[Check]]
Handler = Callable[[web.Request], Awaitable[web.Response]]

UNAVAILABLE: Final = 503


def build_app(alive: Checks, ready: Checks) -> web.Application:
    """`alive` fails where only a restart helps; `ready` where the operator could not act on the cluster right now."""
    app = web.Application()
    app.router.add_get("/healthz", _probe(alive))
    app.router.add_get("/readyz", _probe(ready))
    app.router.add_get("/metrics", _metrics)
    return app


@asynccontextmanager
async def serve(host: str, port: int, *, alive: Checks, ready: Checks) -> AsyncIterator[int]:
    """Answer until the context is left; gives the port, which was picked where 0 was asked for. Raises OSError."""
    runner = web.AppRunner(build_app(alive, ready), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _probe(checks: Checks) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        results = checks()
        ok = all(check.ok for check in results)
        body = {"ok": ok, "checks": [check._asdict() for check in results]}
        return web.json_response(body, status=200 if ok else UNAVAILABLE)

    return answer


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
