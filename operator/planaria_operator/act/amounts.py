"""Raising limits: how much, within which bound, and as the API server writes it."""

import math
from collections.abc import Mapping
from typing import Any, Final, Literal

from planaria_operator.objects.quantity import parse_quantity, to_bytes, to_millicores

MIB: Final = 2**20

Name = Literal["memory", "cpu"]
NAMES: Final[tuple[Name, ...]] = ("memory", "cpu")
Resources = dict[str, Any]


def to_units(name: Name, quantity: str | float) -> int:
    """Bytes of memory, or millicores."""
    return to_bytes(quantity) if name == "memory" else to_millicores(quantity)


def to_quantity(name: Name, units: int) -> str:
    """In canonical form, so that the server gives back the same text that was sent."""
    if name == "cpu":
        return f"{units // 1000}" if units % 1000 == 0 else f"{units}m"
    mebibytes = units // MIB
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"


def raised(name: Name, present: int, original: int, *, ratio: float, max_percent: int) -> int:
    """The new limit: `ratio` of the present one, never above `max_percent` of the original, in whole Mi or millicores.

    Never below the present one: Planaria does not shrink what runs.
    """
    step = MIB if name == "memory" else 1
    wanted = math.ceil(present * ratio / step) * step
    bound = original * max_percent // 100 // step * step
    return max(present, min(wanted, bound))


def outgrown(pod: Mapping[str, Any], resize: Mapping[str, Any]) -> bool:
    """Whether the pod has a limit above what the body of a resize would set."""
    present = {each["name"]: (each.get("resources") or {}).get("limits") or {} for each in _containers(pod)}
    return any(
        to_units(name, present.get(each["name"], {}).get(name, 0)) > to_units(name, limits[name])
        for each in _containers(resize)
        for limits in [each["resources"].get("limits") or {}]
        for name in NAMES
        if name in limits
    )


def _containers(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(body["spec"]["containers"])


def with_limit(resources: Resources, name: Name, limit: int) -> Resources:
    """The resources with a higher limit. A request that equalled the old limit moves along, so that a Guaranteed pod
    stays Guaranteed; any other request stays, because it is below the new limit anyway.
    """
    limits = dict(resources.get("limits") or {})
    requests = dict(resources.get("requests") or {})
    follows = name in requests and parse_quantity(requests[name]) == parse_quantity(limits[name])
    limits[name] = to_quantity(name, limit)
    if follows:
        requests[name] = limits[name]
    changed = {**resources, "limits": limits}
    return {**changed, "requests": requests} if requests else changed
