"""Into the store: the one way that a body takes, whether a watch, the first list or a later one delivered it."""

import time
from collections.abc import Iterable

import structlog

from planaria_operator.api.base import POLICY_KINDS
from planaria_operator.kube.answers import one_line
from planaria_operator.objects.meta import Body, Identity, identity_of, now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.telemetry.metrics import WATCH_LAST_EVENT
from planaria_operator.watch.kinds import OPTIONAL, PARSERS, WATCHED
from planaria_operator.watch.resources import parse_policy, parse_remediation

log = structlog.get_logger(__name__)


class Feed:
    """Never raises for a body: of what cannot be read the store has only that it is there, and why."""

    def __init__(self, store: ClusterStore) -> None:
        self.store = store
        self.kinds: list[str] = list(WATCHED)
        """What is delivered at all; shrinks where an optional kind is not allowed or not installed."""
        self.lost: set[str] = set()
        """Optional kinds that are gone on without, until they can be had."""
        self.shut: set[str] = set()
        """Of the namespaces that are named, those that the role does not reach into."""
        self.listed: dict[str, float] = {}
        """Kinds that were listed anew, by kind the monotonic time of the last body. A list does not tell what is gone."""

    def deliver(self, kind: str, event: str | None, body: Body) -> None:
        """One watch event; `event` is None for what a list says."""
        moment = now()
        self.store.last_event = moment
        WATCH_LAST_EVENT.set(moment.timestamp())
        if kind not in self.kinds:
            return  # lost while its watch still runs
        if event == "DELETED":
            self.remove(identity_of(kind, body))
        else:
            self.put(kind, body)
            if event is None:
                self.listed[kind] = time.monotonic()

    def put(self, kind: str, body: Body, *, instead_of: str | None = None) -> None:
        """`instead_of`: a resourceVersion that is known not to be there any more."""
        identity = identity_of(kind, body)
        try:
            self._put(kind, body, instead_of)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.store.discard(*identity)  # what was known of it before is no longer true
            self._note(identity, one_line(str(error), 1024))
        else:
            self.store.unreadable.pop(identity, None)

    def remove(self, gone: Identity) -> None:
        """Only this very object: a namesake made later stays."""
        self.store.unreadable.pop(gone, None)
        self.store.discard(*gone)

    def knows(self, identity: Identity) -> bool:
        """True for exactly this object, in the store or unreadable."""
        kind, namespace, name, uid = identity
        return self.store.uid_of(kind, namespace, name) == uid or self.is_unreadable(identity)

    def known(self, kind: str) -> set[Identity]:
        """Everything of a kind that is there, as far as was seen; what cannot be read too."""
        read = {Identity(kind, *key, uid) for key, uid in self.store.identities(kind).items()}
        return read | {each for each in self.store.unreadable if each.kind == kind}

    def is_unreadable(self, identity: Identity) -> bool:
        return identity in self.store.unreadable

    def skip(self, kind: str, why: str, *, for_good: bool = False) -> None:
        """Go on without an optional kind. What was known of it is forgotten, for it would only grow old.

        `for_good`: it is not to be watched, whatever the role allows.
        """
        self.kinds = [each for each in self.kinds if each != kind]
        if not for_good:
            self.lost.add(kind)
        for known in self.known(kind):
            self.remove(known)
        if self.store.unwatched.get(kind) != why:
            self.store.unwatched[kind] = why
            log.warning("a kind is not watched", kind=kind, why=why, lost=OPTIONAL[kind])

    def try_again(self) -> None:
        """Before everything is listed anew. What was lost stays unwatched until `had` says that it was listed."""
        self.kinds = [kind for kind in WATCHED if kind in self.kinds or kind in self.lost]
        self.lost.clear()

    def had(self, kind: str) -> None:
        if kind in self.kinds:
            self.store.unwatched.pop(kind, None)

    def settled(self, seconds: float) -> set[str]:
        """The kinds whose fresh list has come to its end so long ago, each once."""
        before = time.monotonic() - seconds
        kinds = {kind for kind, last in self.listed.items() if last <= before}
        for kind in kinds:
            del self.listed[kind]
        return kinds

    def again(self, kinds: Iterable[str], seconds: float) -> None:
        """Settled once more so much later, those that were not listed anew meanwhile."""
        for kind in kinds:
            self.listed.setdefault(kind, time.monotonic() + seconds)

    def _put(self, kind: str, body: Body, instead_of: str | None) -> None:
        if kind in POLICY_KINDS:
            self.store.put_policy(parse_policy(body), instead_of=instead_of)
        elif kind == "Remediation":
            self.store.put_remediation(parse_remediation(body), instead_of=instead_of)
        else:
            self.store.put(PARSERS[kind](body), instead_of=instead_of)

    def _note(self, identity: Identity, why: str) -> None:
        """Said once for each reason."""
        if self.store.unreadable.get(identity) != why:
            self.store.unreadable[identity] = why
            kind, namespace, name, _ = identity
            log.warning("an object cannot be read", kind=kind, namespace=namespace, name=name, error=why)
