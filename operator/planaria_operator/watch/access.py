"""What the operator's role allows, asked before it matters: kopf would retry a forbidden watch without a clear word."""

from planaria_operator.kube.access import may
from planaria_operator.kube.interface import Kube
from planaria_operator.kube.paths import group_of, resource_of
from planaria_operator.watch.errors import WatchForbidden
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import OPTIONAL


def scopes(kind: str, namespaces: tuple[str, ...]) -> tuple[str, ...]:
    """Where a kind is looked at; "" stands for the whole cluster."""
    return namespaces if namespaces and resource_of(kind).namespaced else ("",)


def forbid(feed: Feed, kind: str, why: str) -> None:
    """Go on without an optional kind; raise WatchForbidden for one that is needed."""
    if kind not in OPTIONAL:
        raise WatchForbidden(why)
    feed.skip(kind, why)


async def require_watch(kube: Kube, feed: Feed, namespaces: tuple[str, ...]) -> None:
    """Raises WatchForbidden, naming verb and resource, where the role does not allow a needed watch."""
    for kind in list(feed.kinds):
        for namespace in scopes(kind, namespaces):
            if not await may(kube, "watch", kind, namespace):
                where = f"in namespace {namespace}" if namespace else "at the cluster scope"
                forbid(feed, kind, f"the operator's role does not allow to watch {_named(kind)} {where}")
                break


def _named(kind: str) -> str:
    resource = resource_of(kind)
    return ".".join(part for part in (resource.plural, group_of(resource)) if part)
