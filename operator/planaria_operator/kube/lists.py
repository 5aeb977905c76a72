"""Lists, a page at a time: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks."""

from collections.abc import AsyncIterator
from typing import Final

from planaria_operator.kube.answers import Attempt, Expired
from planaria_operator.kube.interface import JsonBody, Page
from planaria_operator.kube.paths import collection_path, resource_of
from planaria_operator.kube.transport import Transport

PAGE: Final = 200
"""Objects per page. A page is parsed in one go, and nothing else runs in the meantime: about 10 ms for pods that were never
started, 30 ms for running ones.
"""

Selectors = list[tuple[str, str]]


async def read_list(
    transport: Transport, kind: str, namespace: str, *, labels: str, fields: str, limit: int
) -> list[JsonBody]:
    """At most `limit` objects, or all of them where it is 0."""
    selectors = [
        (name, text) for name, text in (("labelSelector", labels), ("fieldSelector", fields)) if text
    ]
    try:
        return await _all_of(transport, kind, namespace, selectors, limit, page=min(limit or PAGE, PAGE))
    except Expired:
        # Paging took longer than the server keeps old versions; one answer with everything cannot expire half-way.
        return await _all_of(transport, kind, namespace, selectors, limit, page=limit)


async def read_pages(transport: Transport, kind: str, namespace: str, *, size: int) -> AsyncIterator[Page]:
    """Everything of a kind, as it is read. Begins again where the server no longer keeps the version of the first page."""
    try:
        begins = True
        async for bodies in _pages(transport, kind, namespace, [], page=size or PAGE):
            yield Page(bodies, begins=begins)
            begins = False
    except Expired:
        async for bodies in _pages(transport, kind, namespace, [], page=0):
            yield Page(bodies, begins=True)


async def _all_of(
    transport: Transport, kind: str, namespace: str, selectors: Selectors, limit: int, *, page: int
) -> list[JsonBody]:
    items: list[JsonBody] = []
    async for bodies in _pages(transport, kind, namespace, selectors, page=page):
        items += bodies
        if 0 < limit <= len(items):
            return items[:limit]
    return items


async def _pages(
    transport: Transport, kind: str, namespace: str, selectors: Selectors, *, page: int
) -> AsyncIterator[list[JsonBody]]:
    resource = resource_of(kind)
    token = ""
    while True:
        query = [
            *selectors,
            *([("limit", str(page))] if page else []),
            *([("continue", token)] if token else []),
        ]
        path = collection_path(kind, namespace)
        body = await transport.call_json(Attempt("list", kind, namespace), "GET", path, query=query)
        # Items of a list come without what every single object says of itself.
        yield [{"apiVersion": resource.api_version, "kind": kind, **item} for item in body.get("items") or ()]
        token = (body.get("metadata") or {}).get("continue") or ""
        if not token:
            return
