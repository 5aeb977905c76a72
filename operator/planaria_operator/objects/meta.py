"""What every object has, and how its parts are read from a body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

Body = Mapping[str, Any]
"""An object as the API server sends it."""

CLOCK_SKEW: Final = timedelta(seconds=5)
"""Between this process and the API server, and the time that a controller takes to make a revision."""

OPT_OUT_LABEL = "planaria.dev/ignore"
"""Not even looked at."""

HEAL = "planaria.dev/heal"
"""With the value `disabled`, as label or annotation: looked at and recorded, never acted on."""


@dataclass(frozen=True, slots=True)
class Owner:
    kind: str
    name: str
    uid: str
    group: str = ""
    """API group; empty for the core group."""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Meta:
    kind: str
    name: str
    namespace: str
    """Empty for a cluster-scoped object."""
    uid: str
    resource_version: str = ""
    generation: int = 0
    created: datetime | None = None
    deleting: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    """The controlling owner."""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.kind, self.namespace, self.name)

    @property
    def heal_disabled(self) -> bool:
        return heal_disabled(self.labels, self.annotations)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def heal_disabled(*marks: Mapping[str, str]) -> bool:
    """`marks`: the labels and the annotations of one object."""
    return any(each.get(HEAL) == "disabled" for each in marks)


class Identity(NamedTuple):
    """Exactly one object; a namesake made later is another."""

    kind: str
    namespace: str
    """Empty for a cluster-scoped object."""
    name: str
    uid: str


def identity_of(kind: str, body: Body) -> Identity:
    meta = body.get("metadata") or {}
    return Identity(kind, meta.get("namespace") or "", meta.get("name") or "", meta.get("uid") or "")


def parse_time(text: str | None) -> datetime | None:
    """An RFC 3339 time as the API writes it; None for a missing one."""
    return datetime.fromisoformat(text) if text else None


def now() -> datetime:
    """The clock. Everything that decides takes the time as an argument; only the edges call this."""
    return datetime.now(UTC)


def parse_meta(kind: str, body: Body) -> Meta:
    meta = body.get("metadata") or {}
    controller = next((owner for owner in meta.get("ownerReferences") or () if owner.get("controller")), None)
    return Meta(
        kind=kind,
        name=meta.get("name", ""),
        namespace=meta.get("namespace") or "",
        uid=meta.get("uid", ""),
        resource_version=meta.get("resourceVersion", ""),
        generation=meta.get("generation") or 0,
        created=parse_time(meta.get("creationTimestamp")),
        deleting=bool(meta.get("deletionTimestamp")),
        labels=dict(meta.get("labels") or {}),
        annotations=dict(meta.get("annotations") or {}),
        owner=controller and _owner(controller),
    )


def _owner(reference: Mapping[str, Any]) -> Owner:
    group, slash, _ = str(reference.get("apiVersion") or "").partition("/")
    return Owner(reference["kind"], reference["name"], reference["uid"], group if slash else "")


def find_condition(body: Body, type_: str) -> Mapping[str, Any] | None:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return next((condition for condition in conditions if condition.get("type") == type_), None)
