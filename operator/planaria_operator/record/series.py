"""Events as bodies of events.k8s.io/v1, and which of them are repeats of one that was written already.

https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import RESOURCES, JsonBody

CONTROLLER: Final = "planaria.dev/operator"
NOTE_BYTES: Final = 1024
SERIES_SECONDS: Final = 600.0
"""A repeat within this time after the last one counts up; a later one is a new Event."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, without when."""

    regarding: ObjectReference
    reason: Reason
    note: str
    action: str
    warning: bool
    related: ObjectReference | None = None

    @property
    def namespace(self) -> str:
        """Where the Event is kept; by convention `default` for what has no namespace, such as a node."""
        return self.regarding.namespace or "default"

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for repeats."""
        place = (self.regarding.kind, self.regarding.namespace, self.regarding.name, self.regarding.uid)
        return (*place, self.reason, self.note, self.warning, self.related and self.related.name)


@dataclass(slots=True)
class Series:
    """One Event that was written, and how often it was meant since."""

    name: str
    last: datetime
    count: int = 1

    def goes_on(self, now: datetime) -> bool:
        return (now - self.last).total_seconds() <= SERIES_SECONDS


def event_body(message: Message, *, name: str, instance: str, now: datetime) -> JsonBody:
    body: JsonBody = {
        "apiVersion": RESOURCES["Event"].api_version,
        "kind": "Event",
        "metadata": {"name": name, "namespace": message.namespace},
        "eventTime": micro_time(now),
        "reportingController": CONTROLLER,
        "reportingInstance": cut(instance, 128),
        "type": "Warning" if message.warning else "Normal",
        "reason": message.reason.value,
        "action": cut(message.action or "Observe", 128),
        "note": cut(message.note, NOTE_BYTES),
        "regarding": _reference(message.regarding),
    }
    if message.related:
        body["related"] = _reference(message.related)
    return body


def series_patch(series: Series) -> JsonBody:
    return {"series": {"count": series.count, "lastObservedTime": micro_time(series.last)}}


def event_name(message: Message, unique: str) -> str:
    """Like the names that Kubernetes itself gives: the object's, a dot, and something unique. No part of a name ends in a dot or
    hyphen, also where it is cut.
    """
    return f"{message.regarding.name[: 252 - len(unique)].rstrip('-.')}.{unique}"


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, which is what the API server counts, ending on a whole character."""
    data = text.encode(errors="replace")
    if len(data) <= limit:
        return data.decode()
    return data[: limit - len("…".encode())].decode(errors="ignore") + "…"


def micro_time(moment: datetime) -> str:
    """RFC 3339 with six digits, as eventTime wants it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _reference(to: ObjectReference) -> dict[str, Any]:
    resource = RESOURCES.get(to.kind)
    parts = {
        "apiVersion": resource.api_version if resource else None,
        "kind": to.kind,
        "namespace": to.namespace,
        "name": to.name,
        "uid": to.uid,
    }
    return {key: value for key, value in parts.items() if value}
