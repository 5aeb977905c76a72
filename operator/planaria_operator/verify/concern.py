"""What a record is about, though its policy may not select that any more: then detection passes it over. Pure."""

from collections.abc import Iterator
from datetime import datetime

from planaria_contract import Symptom
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import RemediationSpec
from planaria_operator.detect.left_alone import held_up, left_alone, passed_over
from planaria_operator.detect.selection import Ranking
from planaria_operator.detect.symptoms import of_pod, of_workload
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

OnNode = tuple[Pod, Workload]
"""A pod on a node, and the workload that would replace it elsewhere."""


def moved(store: ClusterStore, ranking: Ranking, policy: HealingPolicy, node: str) -> Iterator[OnNode]:
    """Those on the node that it is for the policy to move, but for pods that are left alone."""
    for pod, workload in _movable(store, node):
        if not left_alone(pod, workload, store.node(node)) and ranking.carries(policy, workload):
            yield pod, workload


def named(store: ClusterStore, spec: RemediationSpec) -> list[OnNode]:
    """Those that the record of a node was opened for and that are still there, whoever moves them now."""
    if spec.target.kind != "Node":
        return []
    subjects = {each.subject for each in spec.symptoms}
    return [each for each in _movable(store, spec.target.name) if f"Pod/{each[0].meta.name}" in subjects]


def shown(
    store: ClusterStore, policy: HealingPolicy, workload: Workload, now: datetime
) -> tuple[Symptom, ...]:
    """Symptoms of a workload and its pods, as detection has them of what the policy selects."""
    findings = [] if held_up(store, workload) else of_workload(workload)
    nodes = {node.meta.name: node for node in store.nodes()}
    for pod in store.pods_of(workload):
        if not passed_over(pod, workload, nodes):
            findings += of_pod(pod, policy.spec.triggers, now, deadline=workload.progress_deadline)
    return tuple(each.symptom for each in findings)


def _movable(store: ClusterStore, node: str) -> Iterator[OnNode]:
    """Not a DaemonSet's pods, which belong to their node and are well when the node is."""
    for pod in store.pods_on(node):
        workload = store.workload_of(pod)
        if workload and workload.meta.kind != "DaemonSet":
            yield pod, workload
