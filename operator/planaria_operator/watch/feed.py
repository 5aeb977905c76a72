"""Into the store: the one way that a body takes, whether a watch, the first list or a later one delivered it."""

from collections.abc import Callable
from typing import NamedTuple

import structlog

from planaria_operator.kube.answers import one_line
from planaria_operator.objects.meta import Body, now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.telemetry.metrics import WATCH_LAST_EVENT
from planaria_operator.watch.kinds import OPTIONAL, PARSERS, POLICIES, WATCHED
from planaria_operator.watch.resources import parse_policy, parse_remediation

OnInvalid = Callable[[str, str, str, str], None]
"""Kind, namespace, name, and what is wrong."""

log = structlog.get_logger(__name__)


class Identity(NamedTuple):
    kind: str
    namespace: str
    name: str
    uid: str


def identity_of(kind: str, body: Body) -> Identity:
    meta = body.get("metadata") or {}
    return Identity(kind, meta.get("namespace") or "", meta.get("name") or "", meta.get("uid") or "")


class Feed:
    """Never raises for a body: what cannot be read stays out of the store and is reported."""

    def __init__(self, store: ClusterStore, on_invalid: OnInvalid = lambda *_: None) -> None:
        self.store = store
        self.kinds: list[str] = list(WATCHED)
        """What is delivered at all; shrinks where an optional kind is not allowed."""
        self._on_invalid = on_invalid
        self._reported: dict[Identity, str] = {}

    def deliver(self, kind: str, event: str | None, body: Body) -> None:
        """One watch event; `event` is None for what a list says."""
        moment = now()
        self.store.last_event = moment
        WATCH_LAST_EVENT.set(moment.timestamp())
        if event == "DELETED":
            self.remove(identity_of(kind, body))
        else:
            self.put(kind, body)

    def put(self, kind: str, body: Body) -> None:
        identity = identity_of(kind, body)
        try:
            self._put(kind, body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.store.discard(*identity)  # what was known of it before is no longer true
            self._report(identity, one_line(str(error), 1024))
        else:
            self._reported.pop(identity, None)

    def remove(self, gone: Identity) -> None:
        """Only this very object: a namesake made later stays."""
        self._reported.pop(gone, None)
        self.store.discard(*gone)

    def knows(self, identity: Identity) -> bool:
        """True for exactly this object, in the store or reported as unreadable."""
        kind, namespace, name, uid = identity
        return self.store.uid_of(kind, namespace, name) == uid or self.is_unreadable(identity)

    def is_unreadable(self, identity: Identity) -> bool:
        return identity in self._reported

    def skip(self, kind: str, why: str) -> None:
        """Go on without an optional kind. What was known of it is forgotten, for it would only grow old."""
        self.kinds.remove(kind)
        self.store.unwatched[kind] = why
        for (namespace, name), uid in self.store.identities(kind).items():
            self.store.discard(kind, namespace, name, uid)
        log.warning("a kind is not watched", kind=kind, why=why, lost=OPTIONAL[kind])

    def _put(self, kind: str, body: Body) -> None:
        if kind in POLICIES:
            self.store.put_policy(parse_policy(body))
        elif kind == "Remediation":
            self.store.put_remediation(parse_remediation(body))
        else:
            self.store.put(PARSERS[kind](body))

    def _report(self, identity: Identity, message: str) -> None:
        if self._reported.get(identity) == message:
            return
        self._reported[identity] = message
        _, namespace, name, _ = identity
        log.warning(
            "an object cannot be read", kind=identity.kind, namespace=namespace, name=name, error=message
        )
        self._on_invalid(identity.kind, namespace, name, message)
