"""Close a node to new pods, and move what can be moved off it by eviction, as `kubectl drain` does, but bounded."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from planaria_contract import Action, Isolate
from planaria_operator.act.bodies import (
    DEFAULT_MAX_PODS,
    MOST_OPERATIONS,
    controller_kind,
    evictions,
    going,
    meta,
    named,
    target_of,
)
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.volumes import staying
from planaria_operator.api.plan import Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.objects.cluster import Node, parse_node
from planaria_operator.objects.cordon import (
    BY_A_PERSON,
    CORDONED_BY,
    UNCORDON,
    WHEN_WELL,
    closed_by_planaria,
    is_control_plane,
    is_ours,
    marks,
    open_nodes,
    unwell,
)

DEFAULT_MAX_NODES: Final = 1
MIRROR: Final = "kubernetes.io/config.mirror"
"""On the image of a static pod, which its kubelet would only make anew."""

Pods = list[Mapping[str, Any]]


def build(setting: Setting) -> Plan | Refusal:
    assert isinstance(setting.decision.parameters, Isolate)
    node = parse_node(setting.target)
    if refusal := _closed(setting, node) or _needed(setting, node):
        return refusal
    pods = _drained(setting) if setting.decision.parameters.drain else []
    if isinstance(pods, Refusal):
        return pods
    ill, most = _affected(setting), _most(setting)
    first = [pod for pod in pods if meta(pod).get("uid") in ill]
    chosen = [*first, *(pod for pod in pods if pod not in first)][:most]
    cordon = _cordon(setting, Verb.CORDON, node)
    return Plan(
        action=Action.ISOLATE,
        target=target_of(setting),
        summary=_summary(node, chosen, len(pods)),
        harm=_harm(len(chosen)),
        operations=(
            cordon,
            *evictions(pod for pod in chosen if pod in first),
            # What is well may stay where its budget does not let it go: nothing depends on its moving.
            *evictions((pod for pod in chosen if pod not in first), best_effort=True),
        ),
        inverse=(cordon.model_copy(update={"verb": Verb.UNCORDON}),),
    )


def _most(setting: Setting) -> int:
    return min(setting.bounds.max_pods or DEFAULT_MAX_PODS, MOST_OPERATIONS - 1)


def _closed(setting: Setting, node: Node) -> Refusal | None:
    """Why the node cannot be closed by this; None where it can."""
    if not node.schedulable:
        by = marks(setting.target).get(CORDONED_BY) if is_ours(setting.target) else "somebody else"
        return Refusal(Reason.ALREADY_CORDONED, f"{node.meta} is cordoned already, by {by}")
    if is_control_plane(node):
        return Refusal(Reason.CONTROL_PLANE_NODE, f"{node.meta} carries the control plane")
    return None


def _needed(setting: Setting, node: Node) -> Refusal | None:
    """Why the others could not do without it."""
    if not open_nodes(setting.store, without=node.meta.name):
        return Refusal(Reason.NO_OTHER_NODE, f"no node but {node.meta.name} is ready and schedulable")
    closed = sorted(each.meta.name for each in closed_by_planaria(setting.store))
    most = setting.bounds.max_nodes or DEFAULT_MAX_NODES
    if len(closed) >= most:
        message = f"Planaria has cordoned {', '.join(closed[:4])} already; maxNodes of isolate is {most}"
        return Refusal(Reason.TOO_MANY_NODES, message)
    return None


def _affected(setting: Setting) -> set[str]:
    return {pod.uid for pod in setting.observation.affected if pod.uid}


def _drained(setting: Setting) -> Pods | Refusal:
    """Every pod that an eviction moves; a Refusal where one would be lost by it, or there is none. By namespace and name."""
    found = sorted(_evictable(setting), key=lambda pod: (meta(pod)["namespace"], meta(pod)["name"]))
    if not found:
        return Refusal(Reason.NOT_MOVABLE, f"no pod on {setting.decision.target} would come back elsewhere")
    for pod in found:
        name = f"{meta(pod)['namespace']}/{meta(pod)['name']}"
        if not controller_kind(pod):
            return Refusal(Reason.NOT_DRAINABLE, f"no controller would make pod {name} anew")
        if any("hostPath" in volume for volume in pod["spec"].get("volumes") or ()):
            return Refusal(Reason.NOT_DRAINABLE, f"pod {name} keeps files on the node (hostPath)")
        if why := staying(setting, pod):
            return Refusal(Reason.VOLUME_STAYS, why)
    return found


def _evictable(setting: Setting) -> Iterator[Mapping[str, Any]]:
    """Without what belongs to the node, what nobody waits for, and what Planaria never touches."""
    # A lost node cannot confirm that a StatefulSet's pod has ended, so that one is not made anew elsewhere.
    bound = {"DaemonSet", "Node"} | (set() if parse_node(setting.target).ready else {"StatefulSet"})
    for pod in setting.on_node:
        own = controller_kind(pod) in bound or MIRROR in (meta(pod).get("annotations") or {})
        over = going(pod) or (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
        if not own and not over and meta(pod).get("namespace") not in setting.protected:
            yield pod


def _cordon(setting: Setting, verb: Verb, node: Node) -> Operation:
    again = WHEN_WELL if unwell(node) else BY_A_PERSON
    body = json.dumps({CORDONED_BY: setting.remediation, UNCORDON: again}, separators=(",", ":"))
    return Operation(verb=verb, object=target_of(setting), body=body)


def _summary(node: Node, chosen: Pods, total: int) -> str:
    opens = (
        "Planaria uncordons it once it is well"
        if unwell(node)
        else "it looks well itself, so a person uncordons it"
    )
    rest = f" (at most {len(chosen)} at once, of {total}; the others stay)" if total > len(chosen) else ""
    moved = f", evict {len(chosen)} pods{rest}: {named(chosen)}" if chosen else ""
    return f"cordon node {node.meta.name}{moved}; {opens}"[:512]


def _harm(evicted: int) -> str:
    room = "the other nodes must have room for what this one no longer takes"
    if not evicted:
        return room
    return (
        f"{room}; {evicted} pods, also of workloads that are well, are away until their replacements are ready, and what "
        "they hold in memory and in emptyDir volumes is lost"
    )
