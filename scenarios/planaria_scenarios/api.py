"""A small client of our own, so that what judges the operator shares no code with it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from planaria_scenarios import kubeconfig
from planaria_scenarios.errors import ApiError

Body = dict[str, Any]
MANAGER = "planaria-scenarios"


class Place(NamedTuple):
    """Where a kind lives in the API."""

    prefix: str
    plural: str
    namespaced: bool = True


PLACES = {
    "Namespace": Place("api/v1", "namespaces", namespaced=False),
    "Node": Place("api/v1", "nodes", namespaced=False),
    "Pod": Place("api/v1", "pods"),
    "Service": Place("api/v1", "services"),
    "ServiceAccount": Place("api/v1", "serviceaccounts"),
    "Event": Place("api/v1", "events"),
    "Deployment": Place("apis/apps/v1", "deployments"),
    "StatefulSet": Place("apis/apps/v1", "statefulsets"),
    "DaemonSet": Place("apis/apps/v1", "daemonsets"),
    "Job": Place("apis/batch/v1", "jobs"),
    "Role": Place("apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": Place("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ClusterRole": Place("apis/rbac.authorization.k8s.io/v1", "clusterroles", namespaced=False),
    "ClusterRoleBinding": Place("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", namespaced=False),
    "Lease": Place("apis/coordination.k8s.io/v1", "leases"),
    "CustomResourceDefinition": Place(
        "apis/apiextensions.k8s.io/v1", "customresourcedefinitions", namespaced=False
    ),
    "HealingPolicy": Place("apis/planaria.dev/v1alpha1", "healingpolicies"),
    "ClusterHealingPolicy": Place("apis/planaria.dev/v1alpha1", "clusterhealingpolicies", namespaced=False),
    "Remediation": Place("apis/planaria.dev/v1alpha1", "remediations"),
}


def path_of(kind: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    place = PLACES[kind]
    scope = ["namespaces", namespace] if place.namespaced and namespace else []
    return "/".join(part for part in (place.prefix, *scope, place.plural, name, subresource) if part)


class Api:
    """Every call raises ApiError and nothing else, after at most `timeout` seconds."""

    def __init__(self, access: kubeconfig.Access, session: aiohttp.ClientSession) -> None:
        self._access = access
        self._session = session

    async def get(self, kind: str, namespace: str, name: str) -> Body:
        return await self._json("GET", path_of(kind, namespace, name))

    async def list(self, kind: str, namespace: str = "") -> tuple[list[Body], str]:
        """The objects, and the resourceVersion to watch from."""
        answer = await self._json("GET", path_of(kind, namespace))
        return answer["items"], answer["metadata"]["resourceVersion"]

    async def apply(self, body: Body, namespace: str = "") -> Body:
        """Server-side apply: makes the object, or makes it say this."""
        path = path_of(body["kind"], namespace, body["metadata"]["name"])
        query = {"fieldManager": MANAGER, "force": "true"}
        return await self._json("PATCH", path, body, "application/apply-patch+yaml", query)

    async def patch(self, kind: str, namespace: str, name: str, body: Body, *, subresource: str = "") -> Body:
        """Strategic merge where the kind knows it, JSON merge elsewhere."""
        flavour = "merge" if "planaria" in PLACES[kind].prefix else "strategic-merge"
        path = path_of(kind, namespace, name, subresource)
        return await self._json("PATCH", path, body, f"application/{flavour}-patch+json")

    async def create(
        self, kind: str, namespace: str, body: Body, *, name: str = "", subresource: str = ""
    ) -> Body:
        return await self._json("POST", path_of(kind, namespace, name, subresource), body)

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        """Does nothing where it is gone already."""
        try:
            await self._json("DELETE", path_of(kind, namespace, name))
        except ApiError as error:
            if error.status != 404:
                raise

    async def through_pod(
        self, namespace: str, pod: str, path: str, *, method: str = "GET", body: str = "", port: int = 8080
    ) -> str:
        """One HTTP request to a pod, carried by the API server."""
        url = path_of("Pod", namespace, f"{pod}:{port}", "proxy") + path
        return await self._text(method, url, body.encode() or None, {}, {}, timeout=5)

    async def watch(self, kind: str, namespace: str, version: str) -> AsyncIterator[tuple[str, Body]]:
        """(ADDED | MODIFIED | DELETED, object) until the server ends the stream. Raises ApiError 410 when too late."""
        query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "280"}
        url = f"{self._access.server}/{path_of(kind, namespace)}"
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=290)
        try:
            async with self._session.get(
                url, params=query, headers=self._headers(), timeout=timeout
            ) as answer:
                if answer.status >= 400:
                    raise ApiError(f"watch {kind}: {await answer.text()}", answer.status)
                async for line in _lines(answer):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise ApiError(
                            f"watch {kind}: {event['object'].get('message')}", event["object"].get("code", 0)
                        )
                    yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ApiError(f"watch {kind}: {error!r}") from error

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._access.token}"} if self._access.token else {}

    async def _json(  # the parts that an API call has
        self,
        method: str,
        path: str,
        body: Body | None = None,
        content: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> Body:
        data = json.dumps(body).encode() if body is not None else None
        text = await self._text(method, path, data, {"Content-Type": content}, query or {})
        answer: Body = json.loads(text)
        return answer

    async def _text(
        self,
        method: str,
        path: str,
        data: bytes | None,
        headers: dict[str, str],
        query: dict[str, str],
        timeout: float = 20,  # noqa: ASYNC109  it becomes the client's own deadline
    ) -> str:
        url = f"{self._access.server}/{path}"
        deadline = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self._session.request(
                method, url, data=data, params=query, headers=headers | self._headers(), timeout=deadline
            ) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ApiError(f"{method} {path}: no answer: {error!r}") from error
        if answer.status >= 400:
            raise ApiError(f"{method} {path}: {answer.status}: {_message(text)}", answer.status)
        return text


async def _lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The library's own line reader refuses lines as long as a large object."""
    rest = b""
    async for chunk in answer.content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line.strip():
                yield line


def _message(text: str) -> str:
    try:
        found = json.loads(text).get("message", text)
    except (ValueError, AttributeError):
        found = text
    return " ".join(str(found).split())[:500]


@asynccontextmanager
async def connect(path: Path) -> AsyncIterator[Api]:
    """A client for the cluster of a kubeconfig. Raises EnvironmentalError where that cannot be read."""
    access = kubeconfig.read(path)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=access.tls, limit=0)) as session:
        yield Api(access, session)


async def until_gone(api: Api, kind: str, namespace: str, name: str, seconds: float = 60) -> bool:
    """Waits for a deletion to be complete; False when it is not within `seconds`."""
    for _ in range(int(seconds / 0.5)):
        try:
            await api.get(kind, namespace, name)
        except ApiError as error:
            if error.status == 404:
                return True
        await asyncio.sleep(0.5)
    return False
