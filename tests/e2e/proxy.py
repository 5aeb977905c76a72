"""A proxy in front of a real API server that can hide a part of it, slow it down, or go away.

What it passes on is the server's own answer. A hidden API group is asked for under a name that does not exist, so that
even the 404 is the server's own.
"""

import asyncio
import base64
import ssl
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from yarl import URL


class ApiProxy:
    def __init__(self, kubeconfig: Path) -> None:
        self._upstream, self._tls = _credentials(kubeconfig)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.port = 0
        self.hide_group = False
        self.calls: list[tuple[str, str]] = []

    def kubeconfig(self, folder: Path) -> Path:
        """A kubeconfig that leads here."""
        named = [{"name": "proxy"}]
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "clusters": [{**named[0], "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{**named[0], "user": {}}],
            "contexts": [{**named[0], "context": {"cluster": "proxy", "user": "proxy"}}],
        }
        path = folder / "proxy-kubeconfig"
        path.write_text(yaml.safe_dump(body))
        return path

    async def start(self) -> None:
        """Begin to answer, on the same port as before where there was one."""
        app = web.Application(client_max_size=16 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def stop(self) -> None:
        """Go away: connections are refused and those that are open are cut."""
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()
        self._runner = self._session = None

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        self.calls.append((request.method, request.path))
        path = request.raw_path
        if self.hide_group:
            path = path.replace("/apis/planaria.dev/", "/apis/absent.planaria.dev/", 1)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with self._session.request(
            request.method,
            URL(f"{self._upstream}{path}", encoded=True),
            headers=headers,
            data=await request.read() or None,
            ssl=self._tls,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            response = web.StreamResponse(status=answer.status)
            for name in ("Content-Type", "Content-Encoding", "Retry-After"):
                if name in answer.headers:
                    response.headers[name] = answer.headers[name]
            with suppress(ConnectionResetError, aiohttp.ClientError):
                await self._stream(request, response, answer)
            return response

    @staticmethod
    async def _stream(
        request: web.Request, response: web.StreamResponse, answer: aiohttp.ClientResponse
    ) -> None:
        """Pass on piece by piece, as a watch needs; a client that hangs up is no error."""
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)


def _credentials(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    """Address and TLS of an administrator's kubeconfig with client certificates, in files or inline."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    with tempfile.TemporaryDirectory() as folder:
        files = {
            key: _file(source, key, kubeconfig.parent, Path(folder))
            for source, key in (
                (cluster, "certificate-authority"),
                (user, "client-certificate"),
                (user, "client-key"),
            )
        }
        tls = ssl.create_default_context(cafile=str(files["certificate-authority"]))
        tls.load_cert_chain(files["client-certificate"], files["client-key"])
    return cluster["server"], tls


def _file(source: dict[str, str], key: str, base: Path, folder: Path) -> Path:
    if key in source:
        return base / source[key]
    path = folder / key
    path.write_bytes(base64.b64decode(source[f"{key}-data"]))
    return path


async def wait_until(condition: Any, seconds: float = 30) -> None:
    """Poll an async condition. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.2)
