"""Nodes, and the objects that are only looked up beside a workload."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from planaria_operator.objects.meta import Body, Meta, find_condition, parse_meta, parse_time
from planaria_operator.text import shortened

PRESSURES: Final = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")

AVOID_TAINT: Final = "planaria.dev/avoid"
"""Key of the soft taint of a migration (`act/taints.py`); its value says which attempt avoids the node."""


class Taint(NamedTuple):
    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True, slots=True)
class Node:
    meta: Meta
    ready: bool
    ready_since: datetime | None
    ready_message: str
    schedulable: bool
    pressure: tuple[str, ...]
    taints: tuple[Taint, ...]
    """Those that keep pods away: what the scheduler only prefers to avoid is not among them."""
    steady_since: datetime | None = None
    """When a condition that says whether the node is well last turned, either way."""
    avoided_by: str | None = None
    """Which attempt avoids it, empty for one of an older version. Default: none does."""


@dataclass(frozen=True, slots=True)
class Namespace:
    meta: Meta


@dataclass(frozen=True, slots=True)
class Service:
    meta: Meta
    selector: dict[str, str]
    external: bool = False
    """A name for a host outside the cluster (ExternalName): there is never an EndpointSlice of it."""


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    meta: Meta
    service: str
    ready: int


def parse_node(body: Body) -> Node:
    spec = body.get("spec") or {}
    ready = find_condition(body, "Ready") or {}
    taints = spec.get("taints") or ()
    pressed = (kind for kind in PRESSURES if (find_condition(body, kind) or {}).get("status") == "True")
    return Node(
        meta=parse_meta("Node", body),
        ready=ready.get("status") == "True",
        ready_since=parse_time(ready.get("lastTransitionTime")),
        ready_message=shortened(str(ready.get("message") or ""), 512),
        schedulable=not spec.get("unschedulable", False),
        pressure=tuple(pressed),
        taints=tuple(_taint(each) for each in taints if each.get("effect") != "PreferNoSchedule"),
        steady_since=_last_turn(body),
        avoided_by=next((str(each.get("value") or "") for each in taints if _avoids(each)), None),
    )


def _taint(body: Body) -> Taint:
    return _shared(str(body["key"]), str(body.get("value") or ""), str(body.get("effect") or ""))


@lru_cache(maxsize=256)
def _shared(key: str, value: str, effect: str) -> Taint:
    """Thousands of nodes have the same few."""
    return Taint(key, value, effect)


def _avoids(taint: Body) -> bool:
    """One of the same key that keeps pods away is a person's."""
    return taint["key"] == AVOID_TAINT and taint.get("effect") == "PreferNoSchedule"


def _last_turn(body: Body) -> datetime | None:
    conditions = (find_condition(body, kind) or {} for kind in ("Ready", *PRESSURES))
    times = (parse_time(each.get("lastTransitionTime")) for each in conditions)
    return max((time for time in times if time), default=None)


def parse_namespace(body: Body) -> Namespace:
    return Namespace(parse_meta("Namespace", body))


def parse_service(body: Body) -> Service:
    spec = body.get("spec") or {}
    external = spec.get("type") == "ExternalName"
    selector = None if external else spec.get("selector")  # Kubernetes ignores that of an external one
    return Service(parse_meta("Service", body), dict(selector or {}), external)


def parse_endpoint_slice(body: Body) -> EndpointSlice:
    meta = parse_meta("EndpointSlice", body)
    endpoints = body.get("endpoints") or ()
    ready = sum(1 for endpoint in endpoints if (endpoint.get("conditions") or {}).get("ready") is not False)
    return EndpointSlice(meta, meta.labels.get("kubernetes.io/service-name", ""), ready)
