"""Running a command, against a server that speaks the protocol, or breaks it: what is known of its end, and what is not."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.errors import (
    Forbidden,
    MayHaveRun,
    NotFound,
    NotLeading,
    NotStarted,
    Unauthorized,
)
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.fenced import FencedKube
from planaria_operator.kube.interface import ExecResult
from tests.kube.raw_server import RawServer, client_of

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
SUCCESS = b"\x03" + json.dumps({"status": "Success"}).encode()


def failure(**status: Any) -> bytes:
    return b"\x03" + json.dumps({"status": "Failure", **status}).encode()


def exited(code: int) -> bytes:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return failure(reason="NonZeroExitCode", details={"causes": causes})


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[tuple[KubeClient, list[web.Request]]]:
    asked: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io",))
        await socket.prepare(request)
        await talk(socket)
        return socket

    app = web.Application()
    app.router.add_route("GET", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    kube = client_of(RawServer(url=f"http://127.0.0.1:{runner.addresses[0][1]}"), token="secret")
    yield kube, asked
    await kube.close()
    await runner.cleanup()


async def run(kube: KubeClient, *, seconds: float = 5, limit: int = 100) -> ExecResult:
    return await kube.exec(
        "shop", "web-1", "app", ("nginx", "-s", "reload now"), timeout=seconds, limit_bytes=limit
    )


def saying(*messages: bytes, hang_up: bool = True) -> Talk:
    async def talk(socket: web.WebSocketResponse) -> None:
        for message in messages:
            await socket.send_bytes(message)
        if hang_up:
            await socket.close()
        else:
            await socket.receive()

    return talk


async def test_each_word_is_a_parameter_and_the_credentials_go_along():
    async with server(saying(b"\x01done", SUCCESS)) as (kube, asked):
        assert await run(kube) == ExecResult(0, "done")
    (request,) = asked
    assert request.path == "/api/v1/namespaces/shop/pods/web-1/exec"
    assert request.query.getall("command") == ["nginx", "-s", "reload now"]
    assert (request.query["container"], request.query["stdout"], request.query["stderr"]) == (
        "app",
        "true",
        "true",
    )
    assert "stdin" not in request.query
    assert request.headers["Authorization"] == "Bearer secret"
    assert "v4.channel.k8s.io" in request.headers["Sec-WebSocket-Protocol"]


@pytest.mark.parametrize("code", [1, 2, 126, 137])
async def test_an_exit_code_is_read_from_the_status(code: int):
    async with server(saying(b"\x02oops", exited(code))) as (kube, _):
        assert await run(kube) == ExecResult(code, "oops")


async def test_what_is_printed_after_the_limit_is_dropped():
    async with server(saying(b"\x01" + b"x" * 60, b"\x02" + b"y" * 60, b"\x01more", SUCCESS)) as (kube, _):
        assert (await run(kube)).output == "x" * 60 + "y" * 40


@pytest.mark.parametrize(
    "status",
    [
        failure(reason="InternalError", message="no such file"),
        failure(reason="NonZeroExitCode", message="no such file"),
        b"\x03no such file",
        b'\x03"no such file"',
    ],
    ids=["another-reason", "no-code", "no-json", "no-object"],
)
async def test_a_failure_without_an_exit_code_did_not_start(status: bytes):
    async with server(saying(status)) as (kube, _):
        with pytest.raises(NotStarted, match="no such file"):
            await run(kube)


@pytest.mark.parametrize(
    "messages", [(), (b"\x01half",), (b"", b"\x07?")], ids=["nothing", "half", "nonsense"]
)
async def test_an_end_without_a_status_is_not_taken_for_a_success(messages: tuple[bytes, ...]):
    async with server(saying(*messages)) as (kube, _):
        with pytest.raises(MayHaveRun, match="without a status; it may have run"):
            await run(kube)


async def test_a_command_that_goes_on_is_left_to_itself_after_its_time():
    async with server(saying(b"\x01begun", hang_up=False)) as (kube, _):
        with pytest.raises(MayHaveRun, match=r"no end within 0\.2 s"):
            await run(kube, seconds=0.2)


async def test_a_status_that_came_counts_though_the_server_does_not_hang_up():
    async with server(saying(SUCCESS, hang_up=False)) as (kube, _):
        assert (await run(kube, seconds=0.2)).exit_code == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, Unauthorized), (403, Forbidden), (404, NotFound), (400, NotStarted), (500, NotStarted)],
)
async def test_a_refused_handshake_has_started_nothing(
    raw: RawServer, kube: KubeClient, status: int, error: type[Exception]
):
    raw.answer(status)
    with pytest.raises(error):
        await run(kube)


async def test_a_server_that_is_not_there_has_started_nothing():
    kube = client_of(RawServer(url="http://127.0.0.1:9"))
    with pytest.raises(NotStarted, match="cannot be reached"):
        await run(kube)
    await kube.close()


async def test_a_fence_holds_a_command_too():

    def closed() -> None:
        raise NotLeading("somebody else leads")

    kube = FakeKube()
    with pytest.raises(NotLeading):
        await FencedKube(kube, closed).exec("shop", "web-1", "app", ("true",), timeout=1, limit_bytes=1)
    assert kube.made == []
