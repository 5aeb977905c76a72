"""May a pod be placed on a node, by the node's labels and taints? Pure. Whether there is room is for the scheduler to say."""

from collections.abc import Iterable, Mapping
from typing import Any

from planaria_operator.act.bodies import controller_kind
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.store import ClusterStore


def fits_any(pod: Mapping[str, Any], nodes: Iterable[Node]) -> bool:
    return any(_fits(pod, node) for node in nodes)


def _fits(pod: Mapping[str, Any], node: Node) -> bool:
    spec = pod.get("spec") or {}
    if any(node.meta.labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return _tolerates(spec.get("tolerations") or (), node) and (required is None or chosen(required, node))


def shut_out(store: ClusterStore, pod: Mapping[str, Any]) -> bool:
    """Whether its own node is closed to the one that is made in its place; a DaemonSet's is placed there all the same."""
    node = store.node((pod.get("spec") or {}).get("nodeName") or "")
    return node is not None and not node.schedulable and controller_kind(pod) != "DaemonSet"


def chosen(selector: Mapping[str, Any], node: Node) -> bool:
    """By a NodeSelector, which a pod and a PersistentVolume may have."""
    return any(_term(term, node) for term in selector.get("nodeSelectorTerms") or ())


def _tolerates(tolerations: Iterable[Mapping[str, Any]], node: Node) -> bool:
    keys = {each.get("key") or "" for each in tolerations}
    return "" in keys or set(node.taints) <= keys


def _term(term: Mapping[str, Any], node: Node) -> bool:
    """One without any row chooses no node."""
    labels, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    rows = [
        *((row, node.meta.labels) for row in labels),
        *((row, {"metadata.name": node.meta.name}) for row in fields),
    ]
    return bool(rows) and all(_row(row, found) for row, found in rows)


def _row(row: Mapping[str, Any], found: Mapping[str, str]) -> bool:
    """An operator that is not judged here (Gt, Lt) counts as met."""
    value, values = found.get(row["key"]), row.get("values") or ()
    answers = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return answers.get(row["operator"], True)
