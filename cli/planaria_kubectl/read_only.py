"""An API server that cannot be changed through this."""

from collections.abc import AsyncIterator
from typing import Any, NoReturn

from planaria_operator.kube.interface import ExecResult, JsonBody, Kube, Page


class ReadOnlyKube(Kube):
    """Passes reads and dry runs on. Everything else is a bug of the plugin, and raises RuntimeError before it is sent."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def get(self, kind: str, namespace: str, name: str, *, subresource: str = "") -> JsonBody:
        return await self._kube.get(kind, namespace, name, subresource=subresource)

    async def list(
        self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "", limit: int = 0
    ) -> list[JsonBody]:
        return await self._kube.list(kind, namespace, labels=labels, fields=fields, limit=limit)

    def pages(self, kind: str, namespace: str = "", *, size: int = 0) -> AsyncIterator[Page]:
        return self._kube.pages(kind, namespace, size=size)

    async def create(self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False) -> JsonBody:
        if not dry_run:
            _refuse(f"create {kind}")
        return await self._kube.create(kind, namespace, body, dry_run=True)

    async def patch(
        self, kind: str, namespace: str, name: str, body: Any, *, dry_run: bool = False, **options: Any
    ) -> JsonBody:
        if not dry_run:
            _refuse(f"patch {kind} {name}")
        return await self._kube.patch(kind, namespace, name, body, dry_run=True, **options)

    async def evict(self, namespace: str, pod: str, *, uid: str, dry_run: bool = False) -> None:
        if not dry_run:
            _refuse(f"evict Pod {pod}")
        await self._kube.evict(namespace, pod, uid=uid, dry_run=True)

    async def delete(self, kind: str, namespace: str, name: str, *, uid: str = "") -> None:  # noqa: ARG002
        _refuse(f"delete {kind} {name}")

    async def exec(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...], **options: Any
    ) -> ExecResult:
        del container, command, options
        _refuse(f"run a command in Pod {namespace}/{pod}")

    async def logs(self, namespace: str, pod: str, container: str, **options: Any) -> str:
        return await self._kube.logs(namespace, pod, container, **options)

    async def node_text(self, node: str, path: str) -> str:
        return await self._kube.node_text(node, path)


def _refuse(what: str) -> NoReturn:
    raise RuntimeError(f"the plugin tried to {what}, and may only read")
