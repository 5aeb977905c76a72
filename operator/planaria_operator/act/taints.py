"""The passing preference for where a moved pod lands: a soft taint of Planaria's own, which evicts nobody."""

from collections.abc import Mapping
from typing import Any, Final

AVOID: Final = {"key": "planaria.dev/avoid", "effect": "PreferNoSchedule"}


def with_avoid(node: Mapping[str, Any]) -> dict[str, Any] | None:
    """The merge patch that adds the taint; None where it is there."""
    present = _taints(node)
    return None if any(map(_ours, present)) else {"spec": {"taints": [*present, dict(AVOID)]}}


def without_avoid(node: Mapping[str, Any]) -> dict[str, Any] | None:
    """The merge patch that takes the taint off; None where it is not there."""
    present = _taints(node)
    others = [taint for taint in present if not _ours(taint)]
    return None if len(others) == len(present) else {"spec": {"taints": others or None}}


def _taints(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((node.get("spec") or {}).get("taints") or ())


def _ours(taint: Mapping[str, Any]) -> bool:
    return (taint.get("key"), taint.get("effect")) == (AVOID["key"], AVOID["effect"])
