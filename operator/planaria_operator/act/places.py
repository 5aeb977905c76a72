"""May a pod be placed on a node, by the node's labels and taints? Pure. Whether there is room is for the scheduler to say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from planaria_operator.act.bodies import controller_kind
from planaria_operator.objects.cluster import Node, Taint
from planaria_operator.objects.store import ClusterStore

PASSING: Final = "node.kubernetes.io/"
"""Of taints that Kubernetes sets for a node's condition, and takes off again by itself."""


def fits_any(pod: Mapping[str, Any], nodes: Iterable[Node]) -> bool:
    return any(_fits(pod, node) for node in nodes)


def _fits(pod: Mapping[str, Any], node: Node) -> bool:
    spec = pod.get("spec") or {}
    if any(node.meta.labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return _tolerated(spec.get("tolerations") or (), node.taints) and (
        required is None or chosen(required, node)
    )


def shut_out(store: ClusterStore, pod: Mapping[str, Any]) -> str:
    """Why its own node is closed to the one that is made in its place, empty where it is not; a DaemonSet's is placed there all the
    same.
    """
    spec = pod.get("spec") or {}
    node = store.node(spec.get("nodeName") or "")
    if node is None or controller_kind(pod) == "DaemonSet":
        return ""
    if not node.schedulable:
        return f"node {node.meta.name} is cordoned"
    lasting = [taint for taint in node.taints if not taint.key.startswith(PASSING)]
    if not _tolerated(spec.get("tolerations") or (), lasting):
        return f"node {node.meta.name} has a taint that it does not tolerate"
    return ""


def chosen(selector: Mapping[str, Any], node: Node) -> bool:
    """By a NodeSelector, which a pod and a PersistentVolume may have."""
    return any(_term(term, node) for term in selector.get("nodeSelectorTerms") or ())


def _tolerated(tolerations: Sequence[Mapping[str, Any]], taints: Iterable[Taint]) -> bool:
    return all(any(_answers(each, taint) for each in tolerations) for taint in taints)


def _answers(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """As Kubernetes has it: what a toleration leaves out counts as any. An operator that is not judged here (Gt, Lt) counts as met."""
    key, effect = toleration.get("key") or "", toleration.get("effect") or ""
    if key not in {"", taint.key} or effect not in {"", taint.effect}:
        return False
    by_value = (toleration.get("operator") or "Equal") == "Equal"
    return not by_value or (toleration.get("value") or "") == taint.value


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
