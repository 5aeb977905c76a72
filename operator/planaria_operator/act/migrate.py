"""Move pods to other nodes by evicting them, with a passing preference for where they land."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from planaria_contract import Action, Migrate
from planaria_operator.act.bodies import (
    MOST_OPERATIONS,
    controller_kind,
    evictions,
    most_pods,
    named,
    same_pods,
    target_of,
)
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.places import fits_any
from planaria_operator.act.volumes import staying
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.cordon import open_nodes

MOST_AVOIDED: Final = 20
"""Nodes that are tainted so that one is preferred. In a larger cluster the scheduler's own choice serves better."""

ANYWHERE: Final = "where the scheduler finds room"


def build(setting: Setting) -> Plan | Refusal:
    parameters = setting.decision.parameters
    assert isinstance(parameters, Migrate)
    pods = _movable(setting, parameters)
    if isinstance(pods, Refusal):
        return pods
    left = parameters.source or str(pods[0]["spec"].get("nodeName"))
    landing = _landing(setting, left, parameters.node)
    if isinstance(landing, Refusal):
        return landing
    avoided, where = landing
    return Plan(
        action=Action.MIGRATE,
        target=target_of(setting),
        summary=f"evict {len(pods)} pods from node {left}, {where}: {named(pods)}"[:512],
        harm=f"{len(pods)} pods are away until their replacements are ready; pods on a lost node may still run there",
        operations=(*_taints(Verb.AVOID, avoided), *evictions(pods)),
        cleanup=_taints(Verb.UNAVOID, avoided),
    )


def _movable(setting: Setting, parameters: Migrate) -> list[Mapping[str, Any]] | Refusal:
    facts = {pod.name: pod for pod in setting.observation.affected if pod.movable}
    names = set(parameters.pods or facts) & facts.keys()
    present = same_pods(setting, names)
    source = parameters.source or next((str(pod["spec"].get("nodeName")) for pod in present), "")
    here = [pod for pod in present if pod["spec"].get("nodeName") == source]
    lost = _lost(setting, source)
    found = [pod for pod in here if not _stays(pod, lost=lost)]
    if not found:
        why = "; a StatefulSet's pod is not replaced before its lost node is back or removed" if here else ""
        message = f"none of {len(names)} pods on node {source or '?'} would come back elsewhere{why}"
        return Refusal(Reason.NOT_MOVABLE, message)
    placed = _placed(setting, found, source)
    if isinstance(placed, Refusal):
        return placed
    return placed[: min(most_pods(setting), MOST_OPERATIONS - MOST_AVOIDED)]


def _placed(
    setting: Setting, pods: list[Mapping[str, Any]], source: str
) -> list[Mapping[str, Any]] | Refusal:
    """Those that another node would take, with their volumes. One that none takes would only wait."""
    free = [pod for pod in pods if not staying(setting, pod)]
    if not free:
        return Refusal(Reason.VOLUME_STAYS, staying(setting, pods[0]))
    others = open_nodes(setting.store, without=source)
    placed = [pod for pod in free if fits_any(pod, others)]
    if not placed:
        message = f"no node but {source} is ready, schedulable and open to {named(free)}"
        return Refusal(Reason.NO_OTHER_NODE, message[:512])
    return placed


def _stays(pod: Mapping[str, Any], *, lost: bool) -> bool:
    """A pod that no eviction moves: bare, static, or a node's own; and a StatefulSet's on a node that cannot confirm."""
    kind = controller_kind(pod)
    return kind in {"", "Node", "DaemonSet"} or (kind == "StatefulSet" and lost)


def _lost(setting: Setting, name: str) -> bool:
    node = setting.store.node(name)
    return node is None or not node.ready


def _landing(setting: Setting, left: str, preferred: str | None) -> tuple[list[Node], str] | Refusal:
    """Nodes to be tainted for a while, and where the pods land then. A lost node needs none: Kubernetes has tainted it."""
    others = open_nodes(setting.store, without=left)
    if preferred not in {None, *(node.meta.name for node in others)}:
        return Refusal(Reason.NO_OTHER_NODE, f"node {preferred} is not ready and schedulable")
    source = [node for node in setting.store.nodes() if node.meta.name == left and node.ready]
    if preferred is None:
        return source, ANYWHERE
    avoided = source + [node for node in others if node.meta.name != preferred]
    if len(avoided) > MOST_AVOIDED:
        return (
            source,
            f"{ANYWHERE} ({len(avoided)} nodes are too many to taint so that {preferred} is preferred)",
        )
    return avoided, f"node {preferred} preferred"


def _taints(verb: Verb, nodes: Iterable[Node]) -> tuple[Operation, ...]:
    return tuple(
        Operation(verb=verb, object=ObjectReference(kind="Node", name=node.meta.name, uid=node.meta.uid))
        for node in sorted(nodes, key=lambda node: node.meta.name)
    )
