"""A proposal that every guard allows; a test changes the one thing that it is about."""

from datetime import datetime
from typing import Any

from planaria_contract import Action, Fault, Scale
from planaria_operator.api.attempt import Attempt
from planaria_operator.api.decision import DecisionRecord, SemanticRecord
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.policy_status import Reservation
from planaria_operator.api.remediation import Remediation, RemediationSpec, RemediationStatus, Stage
from planaria_operator.guard.verdict import Proposal
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from tests.builders import NAMESPACE, NOW, ago, decision, deployment, node, policy, ref, store

FRONT = deployment("front", ready=2)


def reference(view: Workload | Node | Pod) -> ObjectReference:
    about = view.meta
    return ObjectReference(kind=about.kind, namespace=about.namespace or None, name=about.name, uid=about.uid)


def plan(target: ObjectReference, *operations: Operation) -> Plan:
    return Plan(
        action=Action.SCALE,
        target=target,
        summary="1 -> 2 replicas",
        operations=operations or (Operation(verb=Verb.SCALE, object=target, from_replicas=1, to_replicas=2),),
    )


def isolating(name: str = "node-1") -> Plan:
    about = reference(node(name))
    cordon = Operation(verb=Verb.CORDON, object=about, body="{}")
    return Plan(action=Action.ISOLATE, target=about, summary="cordon", operations=(cordon,))


def remediation(
    target: Workload | Node = FRONT, *, name: str = "front-1", finished: bool = False, **status: Any
) -> Remediation:
    stage = Stage.FINISHED if finished else Stage.UNDERSTOOD
    spec = RemediationSpec(policy="default", target=reference(target), incident=name, visible_at=ago(60))
    status.setdefault("semantic_state", understood())
    status.setdefault("understood_at", NOW)
    return Remediation(
        name=name, namespace=NAMESPACE, spec=spec, status=RemediationStatus(stage=stage, **status)
    )


def understood(percent: int = 90) -> SemanticRecord:
    return SemanticRecord(
        fault=Fault.HANG_OR_PROBE_FAILURE,
        component="Deployment/front",
        severity=1,
        confidence_percent=percent,
        summary="A test took it for a hang.",
        source="rules",
        model="test@1",
    )


def attempt(target: Workload | Node, applied: datetime | None, number: int = 1) -> Attempt:
    about = reference(target)
    return Attempt(
        number=number,
        decision=DecisionRecord(action=Action.SCALE, target=about, decided_by="rules", model="test 1"),
        plan=plan(about),
        digest="0",
        reserved_at=ago(3600),
        applied_at=applied,
    )


def reservation(
    seconds: float, *, by: str = "other-1", number: int = 1, target: str = "Deployment/other"
) -> Reservation:
    """Taken so many seconds ago."""
    return Reservation(remediation=by, attempt=number, target=target, time=ago(seconds))


def with_reservations(made: HealingPolicy, *reservations: Reservation) -> HealingPolicy:
    return made.model_copy(update={"status": made.status.model_copy(update={"reservations": reservations})})


def proposal(
    *,
    target: Workload | Node = FRONT,
    acted_on: Workload | Node | None = None,
    under: HealingPolicy | None = None,
    world: ClusterStore | None = None,
    **fields: Any,
) -> Proposal:
    fields.setdefault("remediation", remediation(target))
    fields.setdefault("plan", plan(reference(acted_on or target)))
    fields.setdefault("decision", decision(Scale(ratio=2.0), ref(acted_on or target)))
    fields.setdefault("protected_namespaces", frozenset({"kube-system", "planaria-system"}))
    return Proposal(
        policy=under or policy(), store=world or store(target, acted_on or target), now=NOW, **fields
    )


def put_records(here: ClusterStore, *records: Remediation) -> None:
    """With their policies where those are not there, or nobody would go on with them; they select nothing."""
    for each in records:
        here.put_remediation(each)
        namespace, name = each.policy_key
        if each.policy_key not in here.policies:
            made = policy(name, namespace=namespace or NAMESPACE, labels={"selects": "nothing"})
            here.put_policy(made.model_copy(update={"namespace": namespace}))
