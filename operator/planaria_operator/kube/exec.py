"""One command in a container, over the WebSocket that `kubectl exec` uses as well.

Every message begins with the number of its channel: 1 and 2 are what the command prints, 3 is the API server's own word on
how it ended. https://kubernetes.io/docs/reference/using-api/api-concepts/#websockets
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from planaria_operator.kube.answers import Attempt, one_line
from planaria_operator.kube.errors import MayHaveRun, NotStarted
from planaria_operator.kube.interface import ExecResult

PROTOCOLS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""What is offered, the newest first; both end with a status that holds the exit code."""
PRINTED: Final = (1, 2)
STATUS: Final = 3
LARGEST_MESSAGE: Final = 2**20
CAUSE_CHARACTERS: Final = 160


def query_of(container: str, command: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each word is a parameter of its own, so no shell and no splitting is ever involved."""
    words = [("command", word) for word in command]
    return [*words, ("container", container), ("stdout", "true"), ("stderr", "true")]


class Conversation:
    """What was heard of one command so far."""

    def __init__(self, attempt: Attempt, limit_bytes: int) -> None:
        self._attempt = attempt
        self._limit = limit_bytes
        self._printed = bytearray()
        self._status: Mapping[str, Any] | None = None

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Until the server hangs up. What is printed beyond the limit is read and dropped, so that the command can go on."""
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.BINARY and message.data:
                    self._take(message.data[0], message.data[1:])
        except (aiohttp.ClientError, OSError) as error:
            if self._status is None:
                raise self._unknown(f"the connection broke: {one_line(str(error))}") from error

    def result(self, why: str = "the connection ended without a status") -> ExecResult:
        """Raises NotStarted or MayHaveRun; `why` says what is said where no end is known."""
        if self._status is None:
            raise self._unknown(why)
        if self._status.get("status") == "Success":
            return ExecResult(0, self._output)
        code = _exit_code(self._status)
        if code is None:
            raise NotStarted(f"{self._attempt}: {_cause(self._status)}")
        return ExecResult(code, self._output)

    def _take(self, channel: int, data: bytes) -> None:
        if channel in PRINTED:
            self._printed += data[: max(0, self._limit - len(self._printed))]
        elif channel == STATUS:
            self._status = _parsed(data)

    @property
    def _output(self) -> str:
        return self._printed.decode(errors="replace")

    def _unknown(self, why: str) -> MayHaveRun:
        return MayHaveRun(f"{self._attempt}: {why}; it may have run, in part or whole")


async def converse(
    socket: aiohttp.ClientWebSocketResponse, attempt: Attempt, seconds: float, limit_bytes: int
) -> ExecResult:
    """Raises NotStarted or MayHaveRun."""
    heard = Conversation(attempt, limit_bytes)
    try:
        async with asyncio.timeout(seconds):
            await heard.listen(socket)
    except TimeoutError:
        return heard.result(f"no end within {seconds:g} s")
    return heard.result()


def _cause(status: Mapping[str, Any]) -> str:
    """The end of the message: every layer that passed it on has put its own words before it."""
    message = one_line(str(status.get("message") or "no reason was given"), LARGEST_MESSAGE)
    return message if len(message) <= CAUSE_CHARACTERS else f"…{message[-CAUSE_CHARACTERS:]}"


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        status = json.loads(data)
    except ValueError:
        return {"message": data.decode(errors="replace")}
    return status if isinstance(status, dict) else {"message": str(status)}


def _exit_code(status: Mapping[str, Any]) -> int | None:
    """None for anything but a command that ran and ended."""
    if status.get("reason") != "NonZeroExitCode":
        return None
    causes = (status.get("details") or {}).get("causes") or ()
    codes = (str(cause.get("message")) for cause in causes if cause.get("reason") == "ExitCode")
    return next((int(code) for code in codes if code.isdigit()), None)
