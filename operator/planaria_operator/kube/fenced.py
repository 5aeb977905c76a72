"""An API server that only a leader may change through."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from planaria_operator.kube.interface import ExecResult, JsonBody, Kube, Page


class FencedKube(Kube):
    """Passes everything on, changes only after `check`, which raises NotLeading.

    A change that passed the check may still arrive late. That is harmless: records are written against the version that was
    read, and every operation of a plan may be sent twice.
    """

    def __init__(self, kube: Kube, check: Callable[[], None]) -> None:
        self._kube, self._check = kube, check

    async def get(self, kind: str, namespace: str, name: str, *, subresource: str = "") -> JsonBody:
        return await self._kube.get(kind, namespace, name, subresource=subresource)

    async def list(
        self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "", limit: int = 0
    ) -> list[JsonBody]:
        return await self._kube.list(kind, namespace, labels=labels, fields=fields, limit=limit)

    def pages(self, kind: str, namespace: str = "", *, size: int = 0) -> AsyncIterator[Page]:
        return self._kube.pages(kind, namespace, size=size)

    async def create(self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False) -> JsonBody:
        self._check()
        return await self._kube.create(kind, namespace, body, dry_run=dry_run)

    async def patch(self, kind: str, namespace: str, name: str, body: Any, **options: Any) -> JsonBody:
        self._check()
        return await self._kube.patch(kind, namespace, name, body, **options)

    async def delete(self, kind: str, namespace: str, name: str, *, uid: str = "") -> None:
        self._check()
        await self._kube.delete(kind, namespace, name, uid=uid)

    async def evict(self, namespace: str, pod: str, *, uid: str, dry_run: bool = False) -> None:
        self._check()
        await self._kube.evict(namespace, pod, uid=uid, dry_run=dry_run)

    async def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...], **options: Any
    ) -> ExecResult:
        self._check()
        return await self._kube.exec(namespace, pod, container, command, **options)

    async def logs(self, namespace: str, pod: str, container: str, **options: Any) -> str:
        return await self._kube.logs(namespace, pod, container, **options)

    async def node_text(self, node: str, path: str) -> str:
        return await self._kube.node_text(node, path)
