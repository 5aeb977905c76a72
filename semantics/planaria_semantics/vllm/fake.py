"""A server that speaks as much of the OpenAI API as the client needs, counts what it is asked, and fails on demand.

async with FakeVllm() as server:
    server.script.append(status(503))
    client = VllmClient(server.url, server.model)
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

Body = dict[str, Any]
CALM: Final[Body] = {"fault": "healthy", "secondary": "none", "severity": 0, "certainty": 50, "evidence": []}
_PHRASES: Final = {200: "OK", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one question is treated."""

    status: int = 200
    seconds: float = 0.0
    content: str | None = None
    """Said in place of the proper answer."""
    finish: str = "stop"
    drop: bool = False
    """The connection is cut in the middle of the answer."""
    body: str | None = None
    """Sent in place of the whole response."""
    kind: str = ""
    """Content type of `body`. Default: JSON for an object, HTML for anything else."""


def status(code: int) -> Behaviour:
    return Behaviour(status=code)


def slow(seconds: float) -> Behaviour:
    return Behaviour(seconds=seconds)


def says(content: str | Body) -> Behaviour:
    return Behaviour(content=content if isinstance(content, str) else json.dumps(content))


TRUNCATED: Final = Behaviour(content='{"fault":"memory_exh', finish="length")
MALFORMED: Final = Behaviour(content="I think it is out of memory.")
DROPPED: Final = Behaviour(drop=True)
NO_JSON: Final = Behaviour(body="<html>gateway</html>")


class FakeVllm:
    def __init__(self, model: str = "fake", *, key: str | None = None, answer: Body | None = None) -> None:
        self.model = model
        self.key = key
        self.answer: Callable[[Body], Body] = lambda _: answer or CALM
        self.script: deque[Behaviour] = deque()
        """Taken from the left, one for each question; then `always`."""
        self.always = Behaviour()
        self.models = Behaviour()
        """How the list of models is treated; of its parts `body` and `kind` count."""
        self.asked: list[Body] = []
        """Every question that arrived with the right key, failed ones included."""
        self.most = 0
        """The most questions that were open at one time."""
        self._open = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Again on the same port after `stop`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its response; False where the connection ends with it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        method, path, _ = head[0].split(" ", 2)
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        given = headers.get("authorization", "").removeprefix("bearer ")
        if self.key is not None and given != self.key.lower():
            return await _respond(writer, 401, json.dumps({"error": "Unauthorized"}))
        if (method, path) == ("GET", "/v1/models"):
            return await _respond(writer, 200, self.models.body or _list(self.model), kind=self.models.kind)
        if (method, path) != ("POST", "/v1/chat/completions"):
            return await _respond(writer, 404, _error(404))
        return await self._complete(json.loads(content), writer)

    async def _complete(self, question: Body, writer: asyncio.StreamWriter) -> bool:
        self.asked.append(question)
        self._open += 1
        self.most = max(self.most, self._open)
        try:
            behaviour = self.script.popleft() if self.script else self.always
            await asyncio.sleep(behaviour.seconds)
            if question.get("model") != self.model:
                return await _respond(writer, 404, _error(404))
            if behaviour.status != 200:
                return await _respond(writer, behaviour.status, _error(behaviour.status))
            text = behaviour.content or json.dumps(self.answer(question))
            body = behaviour.body or json.dumps(_completion(self.model, text, behaviour.finish))
            return await _respond(writer, 200, body, whole=not behaviour.drop, kind=behaviour.kind)
        finally:
            self._open -= 1


async def _respond(
    writer: asyncio.StreamWriter, code: int, body: str, *, whole: bool = True, kind: str = ""
) -> bool:
    data = body.encode()
    kind = kind or ("application/json" if body.startswith("{") else "text/html")
    head = f"HTTP/1.1 {code} {_PHRASES.get(code, 'Status')}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + (data if whole else data[: len(data) // 2]))
    await writer.drain()
    return whole


def _list(model: str) -> str:
    models = [{"id": model, "object": "model", "created": 0, "owned_by": "fake"}]
    return json.dumps({"object": "list", "data": models})


def _error(code: int) -> str:
    return json.dumps({"error": {"message": f"scripted {code}", "type": "Scripted", "code": code}})


def _completion(model: str, text: str, finish: str) -> Body:
    return {
        "id": "fake",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
    }
