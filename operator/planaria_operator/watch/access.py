"""What the operator's role allows, asked before it matters and from time to time: kopf retries a forbidden watch for ever and
without a clear word.
"""

import asyncio
from typing import Final

import structlog

from planaria_operator.kube.access import may
from planaria_operator.kube.errors import Forbidden, KubeError, NotFound
from planaria_operator.kube.interface import Kube
from planaria_operator.kube.paths import resource_of, role_name_of
from planaria_operator.watch.errors import WatchFailed, WatchForbidden
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import OPTIONAL

ASK_SECONDS: Final = 20.0
"""Longest time that a right may be lost, or given back, unnoticed in a cluster that is watched as a whole."""
SECONDS_OF_A_NAMESPACE: Final = 5.0
"""There are so many questions for each namespace that is named that with many of them it is asked less often."""

log = structlog.get_logger(__name__)


def present(feed: Feed, namespaces: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are there, not going, and open to the role. All of them where namespaces are not watched.

    Empty only where `namespaces` is, which means the whole cluster. Raises WatchFailed where none is there.
    """
    if not namespaces or "Namespace" not in feed.kinds:
        return namespaces
    known = {view.meta.name for view in feed.store.namespaces() if not view.meta.deleting}
    found = tuple(name for name in namespaces if name in known)
    if not found:
        raise WatchFailed(f"--namespace {', '.join(namespaces)}: none of them is there; make one")
    return tuple(name for name in found if name not in feed.shut) or found


async def find_shut(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> None:
    """A namespace takes its Role along when it goes, and is without one when it is made anew: then the others are watched alone.

    Where that is so of all, the role is wrong, and is told to be when it is needed.
    """
    shut = {each for each in namespaces if not await may(kube, "watch", "Pod", each)}
    feed.shut = shut if len(shut) < len(namespaces) else set()


def scopes(feed: Feed, kind: str, namespaces: tuple[str, ...]) -> tuple[str, ...]:
    """Where a kind is looked at; "" stands for the whole cluster. Raises WatchFailed as `present` does."""
    return (present(feed, namespaces) or ("",)) if resource_of(kind).namespaced else ("",)


def forbid(feed: Feed, kind: str, why: str) -> None:
    """Go on without an optional kind; raise WatchForbidden for one that is needed."""
    if kind not in OPTIONAL:
        raise WatchForbidden(why)
    feed.skip(kind, why)


async def require_watch(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> None:
    """Raises WatchForbidden, naming verb and resource, where the role does not allow a needed watch."""
    for kind in list(feed.kinds):
        for namespace in scopes(feed, kind, namespaces):
            if not await may(kube, "watch", kind, namespace):
                where = f"in namespace {namespace}" if namespace else "at the cluster scope"
                forbid(
                    feed, kind, f"the operator's role does not allow to watch {role_name_of(kind)} {where}"
                )
                break


async def keep_asking(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> None:
    """While a watch runs: raise a WatchError where it has to begin anew, because a right is lost, or a kind or a namespace
    can be watched that could not be when it began, or a namespace is gone. An API server that is away is waited for.
    """
    began = present(feed, namespaces)
    while True:
        await asyncio.sleep(max(ASK_SECONDS, SECONDS_OF_A_NAMESPACE * len(began)))
        try:
            await find_shut(kube, feed, namespaces)
            if (there := present(feed, namespaces)) != began:
                raise WatchFailed(
                    f"of the watched namespaces {', '.join(there)} are there now; beginning anew"
                )
            await require_watch(kube, feed, namespaces)
            for kind in sorted(feed.lost):
                if await _found_again(kube, feed, kind, namespaces):
                    raise WatchFailed(f"{kind} may be watched again; beginning anew")
        except KubeError as error:
            log.debug("what the role allows will be asked later", error=str(error))


async def _found_again(kube: Kube, feed: Feed, kind: str, namespaces: tuple[str, ...]) -> bool:
    try:
        for namespace in scopes(feed, kind, namespaces):
            if not await may(kube, "watch", kind, namespace):
                return False
            await kube.list(kind, namespace, limit=1)
    except (Forbidden, NotFound):
        return False
    return True
