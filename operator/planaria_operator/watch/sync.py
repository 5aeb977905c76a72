"""Lists beside the watches: a first one that gives a definite point at which the store is complete, one now and then that
puts right what a watch that died silently has missed, and one soon after a watch has listed anew, which shows what there is
and not what is gone.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final

import structlog

from planaria_operator.kube.errors import Forbidden, KubeError, NotFound, Temporary
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.meta import Identity, identity_of
from planaria_operator.telemetry.garbage import settle_everything, settle_new
from planaria_operator.telemetry.metrics import RESYNC_CORRECTIONS
from planaria_operator.watch.access import find_shut, forbid, present, scopes
from planaria_operator.watch.errors import MissingKind
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import CUSTOM, OPTIONAL

RESYNC_SECONDS: Final = 300.0
SECOND_LOOK_SECONDS: Final = 3.0
"""How long a watch is given to deliver what a list already shows."""
SETTLE_SECONDS: Final = 5.0
"""After the last body of a fresh list, until it is compared."""
AGAIN_SECONDS: Final = 30.0
"""After the server had no answer, until what was listed anew is compared once more."""
LOOK_SECONDS: Final = 1.0
"""How often it is looked whether there is something to compare."""
BREATH: Final = 50
"""Bodies that are read in one go (about 5 ms), before others get their turn on the event loop."""

Take = Callable[[Identity, JsonBody], None]
Versions = Mapping[tuple[str, str], str]
"""By namespace and name."""

log = structlog.get_logger(__name__)


async def prime(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> None:
    """List everything once, while no watch runs; when this returns, the store is exactly what the lists said.

    `namespaces` empty means all of them. Raises a WatchError, or the KubeError of a list that failed.
    """
    settle_everything()
    feed.try_again()
    await find_shut(kube, feed, namespaces)
    for kind in list(feed.kinds):
        found = await _listed(kube, feed, kind, namespaces, partial(_put, feed, feed.store.versions(kind)))
        for identity in _differences(feed, kind, found)[1]:
            feed.remove(identity)  # known from a watch that has ended; none runs that could know better
    there = present(feed, namespaces)
    for name in (each for each in namespaces if each not in there):
        log.warning(
            "a namespace of --namespace is not there, or the role does not reach into it; it is watched as soon as both are so",
            namespace=name,
        )
    settle_new()


async def resync(
    kube: Kube, feed: Feed, namespaces: tuple[str, ...], kinds: Collection[str] | None = None
) -> int:
    """Compare the store with fresh lists and put right what differs; the number of objects it had wrong.

    `kinds`: by default all that are watched.

    Lists and watches run side by side, so an object that only one of them shows is at first no more than a suspicion:
    it counts only where a second list, some seconds later, still differs.
    """
    suspected: dict[str, tuple[set[Identity], set[Identity]]] = {}
    for kind in [each for each in feed.kinds if kinds is None or each in kinds]:
        known = feed.store.versions(kind)
        found = await _listed(kube, feed, kind, namespaces, partial(_refresh, feed, known))
        missing, gone = _differences(feed, kind, found)
        there = present(feed, namespaces)  # what is in one that is going was not asked for
        gone = {each for each in gone if not each.namespace or not there or each.namespace in there}
        if missing or gone:
            suspected[kind] = (missing, gone)
    if not suspected:
        return 0
    await asyncio.sleep(SECOND_LOOK_SECONDS)
    corrections = 0
    for kind, (missing, gone) in suspected.items():
        if kind not in feed.kinds:
            continue  # lost meanwhile, and forgotten
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
        log.warning("the store differed from a list", kind=kind, missing=len(missing), gone=len(gone))
    return len(missing) + len(gone)


def _put(feed: Feed, known: Versions, identity: Identity, body: JsonBody) -> None:
    """`known`: the store's versions before the list was asked for. It cannot show less than that, unless etcd was put back."""
    feed.put(identity.kind, body, instead_of=known.get((identity.namespace, identity.name)))


def _refresh(feed: Feed, known: Versions, identity: Identity, body: JsonBody) -> None:
    """What the list shows as it is known is not read again: each that is wakes the engine."""
    same = known.get((identity.namespace, identity.name)) == body["metadata"].get("resourceVersion")
    if feed.knows(identity) and not same:
        _put(feed, known, identity, body)


async def keep_in_sync(
    kube: Kube, feed: Feed, namespaces: tuple[str, ...], *, period: float = RESYNC_SECONDS
) -> None:
    """Resync every `period` seconds, and a kind soon after it was listed anew, for ever. Raises only WatchErrors.

    A watch begins with lists of its own, so all kinds are compared soon after that.
    """
    feed.listed = dict.fromkeys(feed.kinds, time.monotonic())
    due = time.monotonic() + period
    while True:
        await asyncio.sleep(min(period, LOOK_SECONDS))
        if time.monotonic() >= due:
            await _patiently(kube, feed, namespaces, feed.kinds)
            due = time.monotonic() + period
        elif (kinds := feed.settled(SETTLE_SECONDS)) and not await _patiently(kube, feed, namespaces, kinds):
            feed.again(kinds, AGAIN_SECONDS)


async def _patiently(kube: Kube, feed: Feed, namespaces: tuple[str, ...], kinds: Collection[str]) -> bool:
    """False where the server had no answer now."""
    try:
        await resync(kube, feed, namespaces, kinds)
    except Temporary as error:
        log.warning("comparing with a list has to wait", error=str(error))
        return False
    except KubeError as error:
        log.error("comparing with a list failed", error=str(error))  # noqa: TRY400  one line says it all
    return True


async def _listed(
    kube: Kube, feed: Feed, kind: str, namespaces: tuple[str, ...], take: Take
) -> set[Identity]:
    """Everything of a kind, after `take` was given it; nothing where an optional kind is not allowed.

    A page at a time: the bodies of a large cluster take ten times what the store keeps of them, and the holes that they
    leave in memory when all of them go at once are never given back.
    """
    found: set[Identity] = set()
    try:
        for scope in scopes(feed, kind, namespaces):
            found |= await _listed_in(kube, kind, scope, take)
    except Forbidden as error:
        forbid(feed, kind, str(error))
        return set()
    except NotFound as error:
        if kind not in OPTIONAL:
            raise MissingKind(_missing(kind)) from error
        feed.skip(kind, _missing(kind))
        return set()
    feed.had(kind)
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
    known = feed.known(kind)
    return found - known, known - found


def _missing(kind: str) -> str:
    if kind in {*CUSTOM, "Approval"}:
        return f"{kind} is not installed in this cluster; install it with: kubectl apply -f crds/"
    return f"{kind} is not served by this API server"
