"""From the symptoms of single objects to incidents: many pods of one workload, or of one lost node, are one incident."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from planaria_contract import ObjectRef, SymptomKind
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import covers, opted_out, selects
from planaria_operator.detect.symptoms import BEGINNING, Finding, of_node, of_pod, of_workload
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.meta import Meta
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

BEFORE_LOSS: Final = timedelta(seconds=5)
"""The node controller marks a lost node's pods within moments; a symptom older than this had another cause."""

RANK: Final = {kind: rank for rank, kind in enumerate(SymptomKind)}


def detect(store: ClusterStore, policy: HealingPolicy, now: datetime) -> list[Incident]:
    """Every incident under `policy`, ripe or not, by target. Pure: the same store and clock give the same list."""
    workloads = [w for w in store.workloads(policy.namespace) if covers(policy, w) and not w.meta.deleting]
    nodes = {node.meta.name: node for node in store.nodes()}
    on_lost: dict[str, list[Finding]] = {}
    incidents: list[Incident | None] = []
    for workload in workloads:
        own = of_workload(workload)
        for pod in store.pods_of(workload):
            node = nodes.get(pod.node or "")
            if _left_alone(pod, node):
                continue
            findings = of_pod(pod, policy.spec.triggers, now, deadline=workload.progress_deadline)
            if node is None or node.ready:
                own += _once_back(findings, node, policy)
            else:
                own += _on_lost_node(findings, workload, node, policy, on_lost)
        if selects(policy, workload):
            incidents.append(_incident(policy, workload.meta, own, now))
    for name, findings in on_lost.items():
        whole = [*of_node(nodes[name], policy.spec.triggers), *findings]
        incidents.append(_incident(policy, nodes[name].meta, whole, now))
    found = (incident for incident in incidents if incident)
    return sorted(found, key=lambda incident: (incident.target.kind, incident.target.name))


def _left_alone(pod: Pod, node: Node | None) -> bool:
    """A pod that is ending, or that somebody has asked to stay away from, directly or by its node."""
    return not pod.active or opted_out(pod.meta) or (node is not None and opted_out(node.meta))


def _once_back(findings: list[Finding], node: Node | None, policy: HealingPolicy) -> list[Finding]:
    """After a lost node returns, its kubelet needs a moment to report its pods ready again: they wait anew."""
    if node is None or node.ready_since is None:
        return findings
    earliest = node.ready_since + timedelta(seconds=policy.spec.triggers.not_ready_for_seconds)
    return [_not_before(finding, earliest) for finding in findings]


def _on_lost_node(
    findings: list[Finding],
    workload: Workload,
    node: Node,
    policy: HealingPolicy,
    on_lost: dict[str, list[Finding]],
) -> list[Finding]:
    """What stays with the workload. What began with the loss of the node is put under the node in `on_lost`."""
    if workload.meta.kind == "DaemonSet":
        return []  # it belongs to its node and comes back with it
    lost_at = (node.ready_since or BEGINNING) - BEFORE_LOSS
    if "Node" not in policy.spec.kinds:
        return [_not_before(finding, of_node(node, policy.spec.triggers)[0].ripe_at) for finding in findings]
    under_node = on_lost.setdefault(node.meta.name, [])
    under_node += [replace(each, ripe_at=None) for each in findings if each.symptom.since >= lost_at]
    return [replace(each, ripe_at=None) for each in findings if each.symptom.since < lost_at]


def _not_before(finding: Finding, earliest: datetime | None) -> Finding:
    if finding.symptom.kind is not SymptomKind.NOT_READY or finding.ripe_at is None or earliest is None:
        return finding
    return replace(finding, ripe_at=max(finding.ripe_at, earliest))


def _incident(
    policy: HealingPolicy, target: Meta, findings: Iterable[Finding], now: datetime
) -> Incident | None:
    ordered = sorted(
        findings, key=lambda each: (each.symptom.since, RANK[each.symptom.kind], each.symptom.subject.name)
    )
    if not ordered:
        return None
    return Incident(
        policy=policy,
        target=ObjectRef(
            kind=target.kind, name=target.name, namespace=target.namespace or None, uid=target.uid
        ),
        symptoms=tuple(finding.symptom for finding in ordered),
        ripe=any(finding.ripe(now) for finding in ordered),
        ripe_at=min((each.ripe_at for each in ordered if each.ripe_at), default=None),
    )
