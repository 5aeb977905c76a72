"""Events of events.k8s.io/v1 about the target, its pods and the ReplicaSet that makes them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from planaria_contract import EventFact, ObjectRef
from planaria_operator.api.base import GROUP
from planaria_operator.evidence.logs import clean
from planaria_operator.evidence.redact import Redactor
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.meta import parse_time
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore

MAX_EVENTS: Final = 40
MAX_PER_OBJECT: Final = 50
MAX_PER_NODE: Final = 10
RECENT: Final = timedelta(minutes=15)
LOSSES: Final = frozenset({"NodeNotReady"})
"""Said of a node, and of each pod on it, when its kubelet no longer reports."""
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
    return sorted(foreign, key=_seen, reverse=True)[:MAX_PER_OBJECT]


def lately(bodies: Iterable[JsonBody], now: datetime) -> list[JsonBody]:
    """Of what a node's kubelet and its controllers said of it."""
    return [body for body in bodies if _seen(body) >= (now - RECENT).timestamp()][:MAX_PER_NODE]


def subject_of(body: JsonBody) -> tuple[str, str]:
    """Kind and name of what an event is about."""
    about: dict[str, Any] = body.get("regarding") or {}
    return str(about.get("kind")), str(about.get("name"))


def without_losses(bodies: Iterable[JsonBody], over: Mapping[tuple[str, str], datetime]) -> list[JsonBody]:
    """All but what was said of the loss of a node that is over. `over`: see `losses_over`."""
    return [body for body in bodies if body.get("reason") not in LOSSES or not _is_over(body, over)]


def losses_over(store: ClusterStore, affected: Sequence[Pod]) -> dict[tuple[str, str], datetime]:
    """What an earlier loss of its node explains no more, by kind and name, with the time when the node was back.

    Those are the pods that fell ill only after it, and the nodes of which that holds for all affected pods. The others may
    still suffer from the loss: a kubelet that is back has all its containers to start.
    """
    back = {pod.meta.name: _back_before(store, pod) for pod in affected}
    found = {("Pod", name): since for name, since in back.items() if since}
    for name in {pod.node for pod in affected if pod.node}:
        here = [back[pod.meta.name] for pod in affected if pod.node == name]
        if since := here[0] if all(here) else None:
            found["Node", name] = since
    return found


def _back_before(store: ClusterStore, pod: Pod) -> datetime | None:
    """Since when the pod's node is ready, where the pod fell ill after that."""
    node = store.node(pod.node or "")
    if node is None or not node.ready or node.ready_since is None or pod.ready_since is None:
        return None
    return node.ready_since if pod.ready_since > node.ready_since else None


def _is_over(body: JsonBody, over: Mapping[tuple[str, str], datetime]) -> bool:
    back = over.get(subject_of(body))
    return back is not None and _seen(body) <= back.timestamp()


def event_facts(bodies: Iterable[JsonBody], redactor: Redactor) -> tuple[EventFact, ...]:
    """The newest first; of those alike in object, reason and message, one with their sum."""
    merged: dict[tuple[str, str, str], EventFact] = {}
    for body in sorted(bodies, key=_seen, reverse=True):
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


def _seen(body: JsonBody) -> float:
    time = _time(body)
    return time.timestamp() if time else 0.0
