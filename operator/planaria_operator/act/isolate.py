"""Close a node to new pods, and move what can be moved off it by eviction, as `kubectl drain` does, but in rounds."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from planaria_contract import Action, Isolate
from planaria_operator.act.bodies import (
    controller_kind,
    evictions,
    meta,
    most_pods,
    named,
    over,
    target_of,
)
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.places import fits_any
from planaria_operator.act.volumes import staying
from planaria_operator.api.plan import MOST_CALLS, Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.detect.selection import opted_out
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
from planaria_operator.objects.pod import parse_pod

DEFAULT_MAX_NODES: Final = 1
MOST_DRAINED: Final = MOST_CALLS - 1
"""Beside the cordon."""
MIRROR: Final = "kubernetes.io/config.mirror"
"""On the image of a static pod, which its kubelet would only make anew."""

DO_NOT_EVICT: Final = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
"""Annotations on a pod by which autoscalers of nodes are told that moving it would cost what it does."""

Pods = list[Mapping[str, Any]]


def build(setting: Setting) -> Plan | Refusal:
    assert isinstance(setting.decision.parameters, Isolate)
    node = parse_node(setting.target)
    if refusal := _closed(setting, node) or _needed(setting, node):
        return refusal
    pods = _drained(setting) if setting.decision.parameters.drain else []
    if isinstance(pods, Refusal):
        return pods
    ill, at_once = _affected(setting), most_pods(setting)
    first = [pod for pod in pods if meta(pod).get("uid") in ill]
    chosen = [*first, *(pod for pod in pods if pod not in first)][:MOST_DRAINED]
    must = min(len(first), at_once)
    cordon = _cordon(setting, Verb.CORDON, node)
    return Plan(
        action=Action.ISOLATE,
        target=target_of(setting),
        summary=_summary(node, chosen, len(pods), at_once),
        harm=_harm(len(chosen), at_once),
        operations=(
            cordon,
            *evictions(chosen[:must]),
            # What comes later, or is well, may stay where its budget does not let it go: verification judges by the affected.
            *evictions(chosen[must:], best_effort=True),
        ),
        at_once=min(at_once, len(chosen)) if chosen else None,
        inverse=(cordon.model_copy(update={"verb": Verb.UNCORDON}),),
    )


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
    """Without what belongs to the node, what nobody waits for, and what Planaria does not touch."""
    # A lost node cannot confirm that a StatefulSet's pod has ended, so that one is not made anew elsewhere.
    bound = {"DaemonSet", "Node"} | (set() if parse_node(setting.target).ready else {"StatefulSet"})
    ill, others = _affected(setting), open_nodes(setting.store, without=setting.decision.target.name)
    for pod in setting.on_node:
        own = controller_kind(pod) in bound or MIRROR in (meta(pod).get("annotations") or {})
        if own or over(pod) or meta(pod).get("namespace") in setting.protected:
            continue
        if not fits_any(pod, others):  # it would only wait for this node to be opened
            continue
        # An affected pod that asks to be left alone stays in the plan, so that the guard can say so.
        if meta(pod).get("uid") in ill or not _asks_to_stay(setting, pod):
            yield pod


def _asks_to_stay(setting: Setting, pod: Mapping[str, Any]) -> bool:
    """By a mark on itself, its workload or its namespace."""
    view = parse_pod(pod)
    if any(view.meta.annotations.get(name) == value for name, value in DO_NOT_EVICT.items()):
        return True
    workload, space = setting.store.workload_of(view), setting.store.namespace(view.meta.namespace)
    marked = [view.meta, *([workload.meta] if workload else ()), *([space.meta] if space else ())]
    template = workload is not None and workload.template_heal_disabled
    return template or any(each.heal_disabled or opted_out(each) for each in marked)


def _cordon(setting: Setting, verb: Verb, node: Node) -> Operation:
    again = WHEN_WELL if unwell(node) else BY_A_PERSON
    body = json.dumps({CORDONED_BY: setting.remediation, UNCORDON: again}, separators=(",", ":"))
    return Operation(verb=verb, object=target_of(setting), body=body)


def _summary(node: Node, chosen: Pods, total: int, at_once: int) -> str:
    opens = (
        "Planaria uncordons it once it is well"
        if unwell(node)
        else "it looks well itself, so a person uncordons it"
    )
    rounds = f", at most {at_once} at once" if len(chosen) > at_once else ""
    rest = f", of {total}; the others stay" if total > len(chosen) else ""
    moved = f", evict {len(chosen)} pods{rounds}{rest}: {named(chosen)}" if chosen else ""
    return f"cordon node {node.meta.name}{moved}; {opens}"[:512]


def _harm(evicted: int, at_once: int) -> str:
    room = "the other nodes must have room for what this one no longer takes"
    if not evicted:
        return room
    few = f"at most {at_once} at once, " if evicted > at_once else ""
    return (
        f"{room}; {evicted} pods, also of workloads that are well, are away, {few}until their replacements are ready, and "
        "what they hold in memory and in emptyDir volumes is lost"
    )
