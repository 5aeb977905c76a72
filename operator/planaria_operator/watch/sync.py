"""Lists beside the watches: a first one that gives a definite point at which the store is complete, and one now and then
that puts right what a watch that died silently has missed.
"""

import asyncio
from collections.abc import Iterable, Mapping
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

Bodies = Mapping[Identity, JsonBody]

log = structlog.get_logger(__name__)


async def prime(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> None:
    """List everything once, while no watch runs; when this returns, the store is exactly what the lists said.

    `namespaces` empty means all of them. Raises MissingKind, WatchForbidden, or the KubeError of a list that failed.
    """
    settle_everything()
    for kind in list(feed.kinds):
        found = await _list_or_forbid(kube, feed, kind, namespaces)
        await _put_all(feed, kind, found.values())
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
        found = await _list_or_forbid(kube, feed, kind, namespaces)
        missing, gone = _differences(feed, kind, found)
        await _put_all(feed, kind, (body for identity, body in found.items() if identity not in missing))
        if missing or gone:
            suspected[kind] = (missing, gone)
    if not suspected:
        return 0
    await asyncio.sleep(SECOND_LOOK_SECONDS)
    corrections = 0
    for kind, (missing, gone) in suspected.items():
        again = await _list_or_forbid(kube, feed, kind, namespaces)
        still_missing, still_gone = _differences(feed, kind, again)
        corrections += await _correct(feed, kind, again, missing & still_missing, gone & still_gone)
    return corrections


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


async def _list_or_forbid(kube: Kube, feed: Feed, kind: str, namespaces: tuple[str, ...]) -> Bodies:
    """Everything of a kind by identity; nothing where an optional kind is not allowed."""
    try:
        lists = [await kube.list(kind, scope) for scope in scopes(kind, namespaces)]
    except Forbidden as error:
        forbid(feed, kind, str(error))
        return {}
    except NotFound as error:
        if kind not in OPTIONAL:
            raise MissingKind(_missing(kind)) from error
        feed.skip(kind, _missing(kind))
        return {}
    return {identity_of(kind, body): body for bodies in lists for body in bodies}


def _differences(feed: Feed, kind: str, found: Bodies) -> tuple[set[Identity], set[Identity]]:
    """What the list has and the store does not, and the other way round."""
    known = {Identity(kind, *key, uid) for key, uid in feed.store.identities(kind).items()}
    listed = {identity for identity in found if not feed.is_unreadable(identity)}
    return listed - known, known - listed


async def _correct(feed: Feed, kind: str, found: Bodies, missing: set[Identity], gone: set[Identity]) -> int:
    await _put_all(feed, kind, (found[identity] for identity in missing))
    for identity in gone:
        feed.remove(identity)
    RESYNC_CORRECTIONS.labels(kind=kind, what="missing").inc(len(missing))
    RESYNC_CORRECTIONS.labels(kind=kind, what="gone").inc(len(gone))
    if missing or gone:
        log.warning("a watch had missed something", kind=kind, missing=len(missing), gone=len(gone))
    return len(missing) + len(gone)


async def _put_all(feed: Feed, kind: str, bodies: Iterable[JsonBody]) -> None:
    for count, body in enumerate(bodies, start=1):
        feed.put(kind, body)
        if count % BREATH == 0:
            await asyncio.sleep(0)


def _missing(kind: str) -> str:
    if kind == "Approval":
        return f"{kind} is not installed in this cluster; kubectl apply -f crds/, then restart the operator"
    if kind in CUSTOM:
        return f"{kind} is not installed in this cluster; install it with: kubectl apply -f crds/"
    return f"{kind} is not served by this API server"
