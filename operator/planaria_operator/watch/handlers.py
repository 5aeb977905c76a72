"""kopf's handlers: one `on.event` per kind, which hands the body to the feed and does nothing else.

Nothing stronger than `on.event`: every other kind of handler writes annotations or finalizers onto the objects, and
indices start up in quadratic time.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import kopf

from planaria_operator.kube.login import Login
from planaria_operator.kube.paths import group_of, resource_of
from planaria_operator.watch.feed import Feed


def build_registry(feed: Feed, login: Login) -> kopf.OperatorRegistry:
    """A registry of its own, so that two of them in one process do not feed each other's stores."""
    registry = kopf.OperatorRegistry()
    kopf.on.login(id="planaria", registry=registry)(login)
    for kind in feed.kinds:
        resource = resource_of(kind)
        version = resource.api_version.rpartition("/")[2]
        register = kopf.on.event(
            group_of(resource), version, resource.plural, id=f"feed-{resource.plural}", registry=registry
        )
        register(_deliver_to(feed, kind))
    return registry


def _deliver_to(feed: Feed, kind: str) -> Callable[..., Awaitable[None]]:
    # Asynchronous, though it waits for nothing: kopf would run a plain function in a thread.
    async def deliver(event: Any, **_: Any) -> None:
        feed.deliver(kind, event["type"], event["object"])

    return deliver
