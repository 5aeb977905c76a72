"""Lists beside the watches: a first one that gives a definite point at which the store is complete, and one now and then
that puts right what a watch that died silently has missed.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from planaria_operator.kube.errors import Forbidden, KubeError, NotFound, Temporary
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.telemetry.garbage import settle_everything, settle_new
from planaria_operator.telemetry.metrics import RESYNC_CORRECTIONS
from planaria_operator.watch.access import forbid, require_watch, scopes
from planaria_operator.watch.errors import MissingKind
from planaria_operator.watch.feed import Feed, Identity, identity_of
from planaria_operator.watch.kinds import CUSTOM, OPTIONAL

RESYNC_SECONDS: Final = 300.0
SECOND_LOOK_SECONDS: Final = 3.0
"""How long a watch is given to deliver what a list already shows."""
BREATH: Final = 50
"""Bodies that are read in one go (about 5 ms), before others get their turn on the event loop."""

Take = Callable[[Identity, JsonBody], None]

log = structlog.get_logger(__name__)


async def prime(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> None:
    """List everything once, while no watch runs; when this returns, the store is exactly what the lists said.

    `namespaces` empty means all of them. Raises MissingKind, WatchForbidden, or the KubeError of a list that failed.
    """
    settle_everything()
    for kind in list(feed.kinds):
        found = await _listed(kube, feed, kind, namespaces, partial(_put, feed))
        for identity in _differences(feed, kind, found)[1]:
            feed.remove(identity)  # known from a watch that has ended; none runs that could know better
    settle_new()


async def resync(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> int:
    """Compare the store with fresh lists and put right what differs; the number of objects it had wrong.

    Lists and watches run side by side, so an object that only one of them shows is at first no more than a suspicion:
    it counts only where a second list, some seconds later, still differs.
    """
    await require_watch(kube, feed, namespaces)
    suspected: dict[str, tuple[set[Identity], set[Identity]]] = {}
    for kind in list(feed.kinds):
        found = await _listed(kube, feed, kind, namespaces, partial(_refresh, feed))
        missing, gone = _differences(feed, kind, found)
        if missing or gone:
            suspected[kind] = (missing, gone)
    if not suspected:
        return 0
    await asyncio.sleep(SECOND_LOOK_SECONDS)
    corrections = 0
    for kind, (missing, gone) in suspected.items():
        corrections += await _look_again(kube, feed, kind, namespaces, missing, gone)
    return corrections


async def _look_again(
    kube: Kube,
    feed: Feed,
    kind: str,
    namespaces: tuple[str, ...],
    missing: set[Identity],
    gone: set[Identity],
) -> int:
    """Put right what a second list shows as the first one did."""
    suspects: dict[Identity, JsonBody] = {}

    def keep(identity: Identity, body: JsonBody) -> None:
        if identity in missing:
            suspects[identity] = body

    found = await _listed(kube, feed, kind, namespaces, keep)
    still_missing, still_gone = _differences(feed, kind, found)
    missing, gone = missing & still_missing, gone & still_gone
    for identity in missing:
        feed.put(kind, suspects[identity])
    for identity in gone:
        feed.remove(identity)
    RESYNC_CORRECTIONS.labels(kind=kind, what="missing").inc(len(missing))
    RESYNC_CORRECTIONS.labels(kind=kind, what="gone").inc(len(gone))
    if missing or gone:
        log.warning("a watch had missed something", kind=kind, missing=len(missing), gone=len(gone))
    return len(missing) + len(gone)


def _put(feed: Feed, identity: Identity, body: JsonBody) -> None:
    feed.put(identity.kind, body)


def _refresh(feed: Feed, identity: Identity, body: JsonBody) -> None:
    if feed.knows(identity):
        feed.put(identity.kind, body)


async def keep_in_sync(
    kube: Kube, feed: Feed, namespaces: tuple[str, ...], *, period: float = RESYNC_SECONDS
) -> None:
    """Resync every `period` seconds, for ever. Raises only what cannot heal: MissingKind or WatchForbidden."""
    while True:
        await asyncio.sleep(period)
        try:
            await resync(kube, feed, namespaces)
        except Temporary as error:
            log.warning("the periodic list has to wait", error=str(error))
        except KubeError as error:
            log.error("the periodic list failed", error=str(error))  # noqa: TRY400  one line says it all


async def _listed(
    kube: Kube, feed: Feed, kind: str, namespaces: tuple[str, ...], take: Take
) -> set[Identity]:
    """Everything of a kind, after `take` was given it; nothing where an optional kind is not allowed.

    A page at a time: the bodies of a large cluster take ten times what the store keeps of them, and the holes that they
    leave in memory when all of them go at once are never given back.
    """
    found: set[Identity] = set()
    try:
        for scope in scopes(kind, namespaces):
            found |= await _listed_in(kube, kind, scope, take)
    except Forbidden as error:
        forbid(feed, kind, str(error))
        return set()
    except NotFound as error:
        if kind not in OPTIONAL:
            raise MissingKind(_missing(kind)) from error
        feed.skip(kind, _missing(kind))
        return set()
    return found


async def _listed_in(kube: Kube, kind: str, scope: str, take: Take) -> set[Identity]:
    found: set[Identity] = set()
    async for page in kube.pages(kind, scope):
        if page.begins:
            found.clear()
        for count, body in enumerate(page.bodies, start=1):
            identity = identity_of(kind, body)
            found.add(identity)
            take(identity, body)
            if count % BREATH == 0:
                await asyncio.sleep(0)
    return found


def _differences(feed: Feed, kind: str, found: set[Identity]) -> tuple[set[Identity], set[Identity]]:
    """What the list has and the store does not, and the other way round."""
    known = {Identity(kind, *key, uid) for key, uid in feed.store.identities(kind).items()}
    listed = {identity for identity in found if not feed.is_unreadable(identity)}
    return listed - known, known - listed


def _missing(kind: str) -> str:
    if kind == "Approval":
        return f"{kind} is not installed in this cluster; kubectl apply -f crds/, then restart the operator"
    if kind in CUSTOM:
        return f"{kind} is not installed in this cluster; install it with: kubectl apply -f crds/"
    return f"{kind} is not served by this API server"
