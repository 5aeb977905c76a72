"""Pods that nobody here waits for: they open no incident, and their workload is well without them. Pure."""

from collections.abc import Mapping

from planaria_operator.detect.selection import opted_out
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.meta import OPT_OUT_LABEL
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload


def left_alone(pod: Pod, workload: Workload, node: Node | None) -> bool:
    """Somebody has asked to stay away from the pod, directly or by its node, or holds it back from being scheduled; or it
    belongs to a node that is lost, and comes back with it.

    `workload`: the pod's own. `node`: where the pod is; None where that is not known.
    """
    return bool(why_left_alone(pod, workload, node))


def why_left_alone(pod: Pod, workload: Workload, node: Node | None) -> str:
    """In a few words; empty where it is not left alone."""
    if opted_out(pod.meta):
        return f"it carries the label {OPT_OUT_LABEL}"
    if pod.gated:
        return "it waits behind a scheduling gate"
    if node is not None and opted_out(node.meta):
        return f"{node.meta} carries the label {OPT_OUT_LABEL}"
    if node is not None and _bound_to_nodes(workload) and not node.ready:
        return f"it comes back with {node.meta}, which is lost"
    return ""


def passed_over(pod: Pod, workload: Workload, nodes: Mapping[str, Node]) -> bool:
    """Whatever the pod shows is no symptom of its workload. `nodes`: as of `orphaned`."""
    return not pod.active or orphaned(pod, nodes) or left_alone(pod, workload, nodes.get(pod.node or ""))


def orphaned(pod: Pod, nodes: Mapping[str, Node]) -> bool:
    """Its node is deleted, so Kubernetes removes it within a minute: no fault of its own. Unlike a pod that is left alone it
    has a successor, which its workload is not well without.

    `nodes`: all of them, by name; empty where they are not watched, and then nothing is known.
    """
    return bool(nodes) and pod.node is not None and pod.node not in nodes


def well(store: ClusterStore, workload: Workload) -> bool:
    """Healthy, but for pods that are left alone."""
    if workload.healthy:
        return True
    return workload.observed and workload.lacking <= _excused(store, workload)


def held_up(store: ClusterStore, workload: Workload) -> bool:
    """Whether a rollout that does not move waits for pods that are left alone, and for nothing else."""
    pods = [pod for pod in store.pods_of(workload) if pod.active]
    if len(pods) < sum(each.desired for each in store.replica_sets_of(workload)):
        return False  # it waits for pods that cannot even be made
    waited_for = [pod for pod in pods if not pod.ready]
    alone = [left_alone(pod, workload, store.node(pod.node or "")) for pod in waited_for]
    return bool(alone) and all(alone)


def _excused(store: ClusterStore, workload: Workload) -> int:
    """How many pods its status may miss."""
    bound = _bound_to_nodes(workload)
    places: set[str | None] = set()
    for pod in store.pods_of(workload):
        # A pod that ends has a successor to wait for; a DaemonSet's has none before it has left the node.
        waited_for = pod.active or bound
        if waited_for and not pod.ready and left_alone(pod, workload, store.node(pod.node or "")):
            places.add(pod.node if bound else pod.meta.name)
    return len(places)


def _bound_to_nodes(workload: Workload) -> bool:
    return workload.meta.kind == "DaemonSet"
