"""The edge to a real API server, over the raw calls of `kubernetes.aio`.

The typed models of that client are left aside on purpose: they take milliseconds to build and reject what they do not
know, and every station here reads plain bodies.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from kubernetes.aio.client import ApiClient, Configuration

from planaria_operator.kube.answers import Attempt
from planaria_operator.kube.exec import PROTOCOLS, converse, query_of
from planaria_operator.kube.interface import ExecResult, JsonBody, Kube, Page, PatchType
from planaria_operator.kube.lists import read_list, read_pages
from planaria_operator.kube.paths import collection_path, node_proxy_path, object_path
from planaria_operator.kube.transport import Transport

DEFAULT_TIMEOUT: Final = 10.0
"""Seconds for one call, reading its answer included. The library's own default is 300."""
FIELD_MANAGER: Final = "planaria"


class KubeClient(Kube):
    """Raises only the errors of `errors.py`, within the deadline that it was made with."""

    def __init__(self, api: ApiClient, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._transport = Transport(api, timeout)

    @property
    def configuration(self) -> Configuration:
        """Server and credentials, for whatever else has to log in (see `login.py`)."""
        return self._transport.configuration

    @property
    def host(self) -> str:
        return self._transport.host

    @property
    def last_success(self) -> datetime | None:
        """When the API server last answered a call with success."""
        return self._transport.last_success

    async def close(self) -> None:
        await self._transport.close()

    async def ping(self) -> None:
        """The cheapest call that needs a living server and, unless none are configured, valid credentials."""
        await self._transport.call(Attempt("get", name="/version"), "GET", "/version")

    async def get(self, kind: str, namespace: str, name: str, *, subresource: str = "") -> JsonBody:
        attempt = Attempt("get", kind, namespace, name, subresource)
        return await self._transport.call_json(
            attempt, "GET", object_path(kind, namespace, name, subresource)
        )

    async def list(
        self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "", limit: int = 0
    ) -> list[JsonBody]:
        return await read_list(self._transport, kind, namespace, labels=labels, fields=fields, limit=limit)

    def pages(self, kind: str, namespace: str = "", *, size: int = 0) -> AsyncIterator[Page]:
        return read_pages(self._transport, kind, namespace, size=size)

    async def create(self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False) -> JsonBody:
        name = str((body.get("metadata") or {}).get("name") or "")
        query = [("fieldManager", FIELD_MANAGER), *_dry_run(dry_run)]
        attempt = Attempt("create", kind, namespace, name)
        return await self._transport.call_json(
            attempt, "POST", collection_path(kind, namespace), query=query, body=body
        )

    async def patch(  # noqa: PLR0913  an API call has these parts
        self,
        kind: str,
        namespace: str,
        name: str,
        body: Any,
        *,
        patch_type: PatchType,
        subresource: str = "",
        field_manager: str = FIELD_MANAGER,
        force: bool = False,
        dry_run: bool = False,
    ) -> JsonBody:
        query = [("fieldManager", field_manager), *_dry_run(dry_run)]
        if force:
            query.append(("force", "true"))
        return await self._transport.call_json(
            Attempt("patch", kind, namespace, name, subresource),
            "PATCH",
            object_path(kind, namespace, name, subresource),
            query=query,
            body=body,
            content_type=patch_type.value,
        )

    async def delete(self, kind: str, namespace: str, name: str, *, uid: str = "") -> None:
        options: JsonBody = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        attempt = Attempt("delete", kind, namespace, name)
        await self._transport.call(attempt, "DELETE", object_path(kind, namespace, name), body=options)

    async def evict(self, namespace: str, pod: str, *, uid: str, dry_run: bool = False) -> None:
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}},
        }
        await self._transport.call(
            Attempt("create", "Pod", namespace, pod, "eviction"),
            "POST",
            object_path("Pod", namespace, pod, "eviction"),
            query=_dry_run(dry_run),
            body=body,
        )

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        tail_lines: int,
        limit_bytes: int,
    ) -> str:
        while True:
            query = [
                ("container", container),
                ("timestamps", "true"),
                ("tailLines", str(tail_lines)),
                ("limitBytes", str(limit_bytes)),
                *([("previous", "true")] if previous else []),
            ]
            path = object_path("Pod", namespace, pod, "log")
            data = await self._transport.call(
                Attempt("get", "Pod", namespace, pod, "log"), "GET", path, query=query
            )
            # The byte limit cuts off the newest lines of the tail, which matter most: ask for fewer lines instead.
            if len(data) < limit_bytes or tail_lines <= 1:
                return data.decode(errors="replace")
            tail_lines = max(1, tail_lines // 4)

    async def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: tuple[str, ...],
        *,
        timeout: float,  # noqa: ASYNC109  of this call, which has another one than the rest
        limit_bytes: int,
    ) -> ExecResult:
        attempt = Attempt("create", "Pod", namespace, pod, "exec")
        path, query = object_path("Pod", namespace, pod, "exec"), query_of(container, command)
        async with self._transport.websocket(attempt, path, query=query, protocols=PROTOCOLS) as socket:
            return await converse(socket, attempt, timeout, limit_bytes)

    async def node_text(self, node: str, path: str) -> str:
        attempt = Attempt("get", "Node", "", node, "proxy")
        return (await self._transport.call(attempt, "GET", node_proxy_path(node, path))).decode(
            errors="replace"
        )


def _dry_run(wanted: bool) -> list[tuple[str, str]]:
    return [("dryRun", "All")] if wanted else []
