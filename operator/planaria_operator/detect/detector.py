"""From the symptoms of single objects to incidents: many pods of one workload, or of one lost node, are one incident."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from planaria_contract import ObjectRef, SymptomKind
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.left_alone import held_up, passed_over
from planaria_operator.detect.selection import Ranking, covers, reach, selects
from planaria_operator.detect.symptoms import BEGINNING, Finding, of_node, of_pod, of_workload
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.meta import Meta
from planaria_operator.objects.store import ClusterStore

BEFORE_LOSS: Final = timedelta(seconds=5)
"""The node controller marks a lost node's pods within moments; a symptom older than this had another cause."""

RANK: Final = {kind: rank for rank, kind in enumerate(SymptomKind)}


def detect(
    store: ClusterStore, policy: HealingPolicy, now: datetime, ranking: Ranking | None = None
) -> list[Incident]:
    """Every incident under `policy`, ripe or not, by target. Pure: the same store and clock give the same list.

    `ranking`: of this moment, where it was made already.
    """
    near = store.workloads(*reach(store, policy))
    workloads = [w for w in near if covers(store, policy, w) and not w.meta.deleting]
    ranking = ranking or Ranking(store)
    nodes = {node.meta.name: node for node in store.nodes()}
    on_lost: dict[str, list[Finding]] = {}
    incidents: list[Incident | None] = []
    for workload in workloads:
        own = of_workload(workload)
        if own and held_up(store, workload):
            own = []
        for pod in store.pods_of(workload):
            if passed_over(pod, workload, nodes):
                continue
            node = nodes.get(pod.node or "")
            findings = of_pod(pod, policy.spec.triggers, now, deadline=workload.progress_deadline)
            if node is None or node.ready:
                own += _once_back(findings, node, policy)
            else:
                carrier = ranking.carrier(policy, workload)
                stays, under_node = _on_lost_node(findings, node, policy, carrier)
                own += stays
                if under_node is not None:
                    on_lost.setdefault(node.meta.name, []).extend(under_node)
        if selects(store, policy, workload):
            incidents.append(_incident(policy, workload.meta, own, now))
    for name, findings in on_lost.items():
        if nodes[name].meta.deleting:
            continue  # its record would close at once as that of a target that is gone, and one after the other be opened
        whole = [*of_node(nodes[name], policy.spec.triggers), *findings]
        incidents.append(_incident(policy, nodes[name].meta, whole, now))
    found = (incident for incident in incidents if incident)
    return sorted(found, key=_order)


def _order(incident: Incident) -> tuple[str, str, str]:
    return incident.target.kind, incident.target.namespace or "", incident.target.name


def _once_back(findings: list[Finding], node: Node | None, policy: HealingPolicy) -> list[Finding]:
    """After a lost node returns, its kubelet needs a moment to report its pods ready again: they wait anew."""
    if node is None or node.ready_since is None:
        return findings
    earliest = node.ready_since + timedelta(seconds=policy.spec.triggers.not_ready_for_seconds)
    return [_not_before(finding, earliest) for finding in findings]


def _on_lost_node(
    findings: list[Finding], node: Node, policy: HealingPolicy, carrier: HealingPolicy | None
) -> tuple[list[Finding], list[Finding] | None]:
    """What stays with the workload, and what began with the loss of the node and comes under it; None where nothing does.

    `carrier`: the policy that moves the workload's pods. Only under that one is there an incident of the node for them, so
    that the loss of one node is not treated twice.
    """
    if carrier is None:
        ripe_at = of_node(node, policy.spec.triggers)[0].ripe_at
        return [_not_before(finding, ripe_at) for finding in findings], None
    lost_at = (node.ready_since or BEGINNING) - BEFORE_LOSS
    stays = [replace(each, ripe_at=None) for each in findings if each.symptom.since < lost_at]
    if carrier.key != policy.key:
        return stays, None
    return stays, [replace(each, ripe_at=None) for each in findings if each.symptom.since >= lost_at]


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
