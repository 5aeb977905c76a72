"""How one call reaches the API server and comes back: credentials, deadline, and every failure as one of `errors.py`."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException

from planaria_operator.kube.answers import Attempt, one_line, to_error
from planaria_operator.kube.errors import (
    Forbidden,
    KubeError,
    MayHaveRun,
    NotFound,
    NotStarted,
    Unauthorized,
    Unavailable,
)
from planaria_operator.kube.exec import LARGEST_MESSAGE
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.meta import now
from planaria_operator.telemetry.metrics import API_CALLS, API_ERRORS

JSON: Final = "application/json"

Query = Iterable[tuple[str, str]]


class Transport:
    """Never retries: whoever calls knows whether asking again is safe."""

    def __init__(self, api: ApiClient, timeout: float) -> None:
        self._api = api
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._closed = False
        self.last_success: datetime | None = None

    @property
    def configuration(self) -> Configuration:
        configuration: Configuration = self._api.configuration
        return configuration

    @property
    def host(self) -> str:
        return str(self.configuration.host)

    async def close(self) -> None:
        self._closed = True
        await self._api.close()

    async def call_json(
        self,
        attempt: Attempt,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Any = None,
        content_type: str = JSON,
    ) -> JsonBody:
        data = await self.call(attempt, method, path, query=query, body=body, content_type=content_type)
        try:
            answer = json.loads(data)
        except ValueError as error:
            raise Unavailable(f"{attempt}: {self.host} did not answer with JSON") from error
        if not isinstance(answer, dict):
            raise Unavailable(f"{attempt}: {self.host} did not answer with an object")
        return answer

    async def call(
        self,
        attempt: Attempt,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Any = None,
        content_type: str = JSON,
    ) -> bytes:
        API_CALLS.labels(verb=attempt.verb).inc()
        try:
            prepared = await self._prepare(attempt, method, path, query, body, content_type)
            data = await self._exchange(attempt, prepared)
        except KubeError as error:
            API_ERRORS.labels(kind=type(error).__name__).inc()
            raise
        self.last_success = now()
        return data

    @asynccontextmanager
    async def websocket(
        self, attempt: Attempt, path: str, *, query: Query, protocols: tuple[str, ...]
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """With the same credentials as any call. Raises NotStarted, MayHaveRun, NotFound, Forbidden or Unauthorized."""
        try:
            _, url, headers, *_ = await self._prepare(attempt, "GET", path, query, None, JSON)
            socket = await self._upgrade(attempt, url, headers, protocols)
        except KubeError as error:
            API_ERRORS.labels(kind=type(error).__name__).inc()
            raise
        self.last_success = now()
        try:
            yield socket
        finally:
            await socket.close()

    async def _upgrade(
        self, attempt: Attempt, url: str, headers: dict[str, str], protocols: tuple[str, ...]
    ) -> aiohttp.ClientWebSocketResponse:
        rest = self._api.rest_client
        if rest.pool_manager is None:
            rest.pool_manager = rest._create_pool_manager()  # noqa: SLF001  made by the library's first call otherwise
        # What the handshake sets itself must not be said twice.
        own = {key: value for key, value in headers.items() if key not in {"Accept", "Content-Type"}}
        socket: aiohttp.ClientWebSocketResponse
        try:
            async with asyncio.timeout(self._timeout.total):
                socket = await rest.pool_manager.ws_connect(
                    url, headers=own, protocols=protocols, proxy=rest.proxy, max_msg_size=LARGEST_MESSAGE
                )
        except aiohttp.WSServerHandshakeError as error:
            raise _not_upgraded(attempt, error) from error
        except aiohttp.ClientConnectorError as error:
            raise NotStarted(f"{attempt}: {self.host} cannot be reached: {one_line(str(error))}") from error
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            why = one_line(str(error)) or f"no answer within {self._timeout.total:g} s"
            raise MayHaveRun(f"{attempt}: {why}; it may have run, in part or whole") from error
        return socket

    async def _prepare(
        self, attempt: Attempt, method: str, path: str, query: Query, body: Any, content_type: str
    ) -> tuple[Any, ...]:
        """The parts of a request with credentials, which may have to be refreshed first."""
        if self._closed:
            raise Unavailable(f"{attempt}: the client is closed")
        try:
            prepared = await self._api.param_serialize(
                method,
                path,
                query_params=list(query),
                # Never left to the library, whose default differs between built-in and custom resources.
                header_params={"Accept": f"{JSON}, */*", "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
            )
        except (ConfigException, OSError) as error:
            raise Unauthorized(f"{attempt}: the credentials cannot be read again") from error
        return (*prepared, self._timeout)

    async def _exchange(self, attempt: Attempt, prepared: tuple[Any, ...]) -> bytes:
        try:
            answer = await self._api.call_api(*prepared)
            data: bytes = await answer.read()
        except TimeoutError as error:
            limit = f"{self._timeout.total:g} s"
            raise Unavailable(f"{attempt}: no answer from {self.host} within {limit}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"{attempt}: no answer from {self.host}: {one_line(str(error))}") from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise to_error(attempt, answer.status, answer.headers, data)
        return data


def _not_upgraded(attempt: Attempt, error: aiohttp.WSServerHandshakeError) -> KubeError:
    """A handshake that was refused has started nothing, whatever the reason."""
    found = to_error(attempt, error.status, error.headers or {}, b"")
    if isinstance(found, Forbidden | NotFound | Unauthorized):
        return found
    return NotStarted(f"{attempt}: the API server refused with HTTP status {error.status}")
