"""Events of events.k8s.io/v1 about the target, its pods and the ReplicaSet that makes them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from planaria_contract import EventFact, ObjectRef
from planaria_operator.api.base import GROUP
from planaria_operator.evidence.logs import clean
from planaria_operator.evidence.redact import Redactor
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.meta import parse_time

MAX_EVENTS: Final = 40
MAX_PER_OBJECT: Final = 50
MAX_PER_NODE: Final = 10
RECENT: Final = timedelta(minutes=15)
NODE_NAMESPACE: Final = "default"
"""Where events about cluster-scoped objects are kept."""


async def events_of(kube: Kube, kind: str, namespace: str | None, name: str) -> list[JsonBody]:
    """The newest of one object, without our own."""
    found = await kube.list(
        "Event", namespace or NODE_NAMESPACE, fields=f"regarding.kind={kind},regarding.name={name}"
    )
    return newest(found)


def newest(bodies: Iterable[JsonBody]) -> list[JsonBody]:
    """Of one object's events, without our own."""
    foreign = [body for body in bodies if GROUP not in str(body.get("reportingController") or "")]
    return sorted(foreign, key=last_seen, reverse=True)[:MAX_PER_OBJECT]


def lately(bodies: Iterable[JsonBody], now: datetime) -> list[JsonBody]:
    """Of what a node's kubelet and its controllers said of it."""
    return [body for body in bodies if last_seen(body) >= (now - RECENT).timestamp()][:MAX_PER_NODE]


def last_seen(body: JsonBody) -> float:
    """Seconds since the epoch; 0 where nothing says when."""
    time = _time(body)
    return time.timestamp() if time else 0.0


def subject_of(body: JsonBody) -> tuple[str, str]:
    """Kind and name of what an event is about."""
    about: dict[str, Any] = body.get("regarding") or {}
    return str(about.get("kind")), str(about.get("name"))


def event_facts(bodies: Iterable[JsonBody], redactor: Redactor) -> tuple[EventFact, ...]:
    """The newest first; of those alike in object, reason and message, one with their sum."""
    merged: dict[tuple[str, str, str], EventFact] = {}
    for body in sorted(bodies, key=last_seen, reverse=True):
        fact = _fact(body, redactor)
        key = (str(fact.subject), fact.reason, fact.message)
        known = merged.get(key)
        merged[key] = known.model_copy(update={"count": known.count + fact.count}) if known else fact
    return tuple(merged.values())[:MAX_EVENTS]


def _fact(body: JsonBody, redactor: Redactor) -> EventFact:
    about: dict[str, Any] = body.get("regarding") or {}
    series = body.get("series") or {}
    return EventFact(
        reason=clean(str(body.get("reason") or ""))[:128],
        message=redactor.text(clean(str(body.get("note") or ""))),
        subject=ObjectRef(
            kind=str(about.get("kind") or "Object"),
            name=str(about.get("name") or ""),
            namespace=about.get("namespace"),
            uid=about.get("uid"),
        ),
        count=int(series.get("count") or body.get("deprecatedCount") or 1),
        last_seen=_time(body),
        warning=body.get("type") == "Warning",
    )


def _time(body: JsonBody) -> datetime | None:
    series = body.get("series") or {}
    return parse_time(
        series.get("lastObservedTime")
        or body.get("deprecatedLastTimestamp")
        or body.get("eventTime")
        or (body.get("metadata") or {}).get("creationTimestamp")
    )
