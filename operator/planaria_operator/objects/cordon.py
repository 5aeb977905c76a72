"""Whose is the cordon of a node, and when does it end? Pure; every station that asks, asks here.

A cordon of Planaria's is known by two things together: an annotation of ours that was set in the same request, and the
API server's own word (`managedFields`) that it was our request that last set `spec.unschedulable`. The annotation alone
says too little: `kubectl uncordon` and `kubectl cordon` after it leave it where it is, and the node is that person's then.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from planaria_operator.objects.cluster import Node
from planaria_operator.objects.store import ClusterStore

CORDONED_BY: Final = "planaria.dev/cordoned-by"
"""On a node: which attempt of which Remediation closed it, by its name (`act/naming.py`)."""

UNCORDON: Final = "planaria.dev/uncordon"
"""On a node beside that: who opens it again."""

WHEN_WELL: Final = "when-well"
"""The node showed that it was unwell, so it will also show that it is well: Planaria opens it then."""

BY_A_PERSON: Final = "by-a-person"
"""The node looked well all the time and what it carried was not, so that it looks well proves nothing."""

MANAGER: Final = "planaria"
"""The field manager of every change that the actor makes."""

CONTROL_PLANE: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""Labels, and keys of taints."""


def unwell(node: Node) -> bool:
    """By its own conditions."""
    return not node.ready or bool(node.pressure)


def is_control_plane(node: Node) -> bool:
    return any(key in node.meta.labels for key in CONTROL_PLANE)


def open_nodes(store: ClusterStore, *, without: str) -> list[Node]:
    """Those that would take ordinary pods now."""
    return [
        node
        for node in store.nodes()
        if node.meta.name != without
        and node.ready
        and node.schedulable
        and not any(taint.key in CONTROL_PLANE for taint in node.taints)
    ]


def closed_by_planaria(store: ClusterStore) -> Iterator[Node]:
    """As far as the watch says: closed, and with our mark."""
    return (node for node in store.nodes() if not node.schedulable and CORDONED_BY in node.meta.annotations)


# --- bodies


def marks(body: Mapping[str, Any]) -> dict[str, str]:
    """Our annotations on a node."""
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    return {key: annotations[key] for key in (CORDONED_BY, UNCORDON) if key in annotations}


def is_closed(body: Mapping[str, Any]) -> bool:
    return bool((body.get("spec") or {}).get("unschedulable"))


def is_ours(body: Mapping[str, Any]) -> bool:
    """True where the node is closed and Planaria closed it last. What cannot be told is not ours."""
    if not is_closed(body) or CORDONED_BY not in marks(body):
        return False
    owners = set(_owners((body.get("metadata") or {}).get("managedFields") or ()))
    return owners == {MANAGER}


def _owners(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Who set `spec.unschedulable` to what it is."""
    for entry in entries:
        if "f:unschedulable" in ((entry.get("fieldsV1") or {}).get("f:spec") or {}):
            yield str(entry.get("manager"))


def closing(body: Mapping[str, Any], wanted: Mapping[str, str]) -> dict[str, Any] | None:
    """The merge patch that closes the node under our marks; None where exactly that is done already.

    Raises ValueError where it is closed already, but not by this attempt.
    """
    present = marks(body)
    if is_closed(body):
        if present.get(CORDONED_BY) == wanted[CORDONED_BY]:
            return None
        whose = present.get(CORDONED_BY) if is_ours(body) else None
        raise ValueError(f"is cordoned already, by {whose or 'somebody else'}")
    return {"metadata": {"annotations": dict(wanted)}, "spec": {"unschedulable": True}}


def opening(body: Mapping[str, Any], attempt: str) -> dict[str, Any] | None:
    """The merge patch that opens the node again; None where the cordon is not, or no longer, that of `attempt`."""
    if not is_ours(body) or marks(body)[CORDONED_BY] != attempt:
        return None
    gone: dict[str, None] = {CORDONED_BY: None, UNCORDON: None}
    return {"metadata": {"annotations": gone}, "spec": {"unschedulable": None}}
