"""Which incidents become Remediations, and under what name. Pure functions of the store."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from planaria_operator.api.base import API_VERSION
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation, RemediationSpec
from planaria_operator.detect.incident import Incident, Incidents
from planaria_operator.evidence.redact import redactor_of
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record.convert import object_reference, symptom_record
from planaria_operator.verify.health import health


def open_remediations(store: ClusterStore, policy: HealingPolicy) -> dict[str, Remediation]:
    """The policy's unfinished Remediations by the uid of their target."""
    return {
        remediation.spec.target.uid or "": remediation
        for remediation in store.remediations_of(policy)
        if not remediation.status.finished
    }


def busy_elsewhere(store: ClusterStore, policy: HealingPolicy) -> set[str]:
    """Uids of workloads that another policy has a Remediation open for: one fault is not treated under two policies.

    Nodes are not among them, because each policy moves pods of its own off a lost one.
    """
    return {
        remediation.spec.target.uid or ""
        for remediation in store.remediations.values()
        if remediation.policy_key != policy.key
        and store.has_policy(remediation)
        and remediation.spec.target.kind != "Node"
        and not remediation.status.finished
    }


def over_already(store: ClusterStore, found: Incidents, incident: Incident, now: datetime) -> bool:
    """A record of it would be closed at once, and the next one be opened, for as long as the node is lost: its pods are ready all
    the same, or it is being deleted. A workload that shows anything is not well. `found`: all that is detected under the policy.
    """
    if incident.target.kind != "Node":
        return False
    spec = _spec(incident, incident.key)
    seen = health(store, incident.policy, found, spec, now, extra=None)
    return seen.healthy or seen.gone


def place_of(incident: Incident, store: ClusterStore) -> str:
    """The namespace of the Remediation: the target's. That of a node is kept with the policy, and for one that is in none
    with the operator; where the operator runs outside of the cluster, in `default`.
    """
    namespace = incident.target.namespace or incident.policy.namespace
    if namespace:
        return namespace
    known = store.namespace(store.home) is not None or "Namespace" in store.unwatched
    return store.home if known else "default"


def incident_key(incident: Incident, known: Iterable[Remediation]) -> str:
    """The incident's own key, counted up where a finished Remediation has already used it.

    A fault whose signs never left the API after its Remediation was closed is a new incident, not a silent nothing.
    """
    base = incident.key[:56]
    used = {
        remediation.spec.incident
        for remediation in known
        if remediation.spec.target.uid == incident.target.uid and remediation.status.finished
    }
    key, count = base, 1
    while key in used:
        count += 1
        key = f"{base}.{count}"
    return key


def remediation_name(policy_uid: str, target_uid: str, target_name: str, key: str) -> str:
    """Deterministic, so that creating it twice is a 409 and nothing happens twice."""
    digest = hashlib.sha256(f"{policy_uid}/{target_uid}/{key}".encode()).hexdigest()[:8]
    return f"{target_name[:48].rstrip('-.')}-{digest}"


def remediation_body(incident: Incident, key: str, namespace: str) -> dict[str, Any]:
    policy, target = incident.policy, incident.target
    return {
        "apiVersion": API_VERSION,
        "kind": "Remediation",
        "metadata": {
            "name": remediation_name(policy.uid, target.uid or "", target.name, key),
            "namespace": namespace,
            "labels": {"planaria.dev/policy": policy.name[:63].rstrip("-.")},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": policy.kind,
                    "name": policy.name,
                    "uid": policy.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": _spec(incident, key).to_body(),
    }


def _spec(incident: Incident, key: str) -> RemediationSpec:
    policy = incident.policy
    redact = redactor_of(policy.spec.evidence).text
    symptoms = (each.model_copy(update={"message": redact(each.message)}) for each in incident.symptoms[:16])
    return RemediationSpec(
        policy=policy.name,
        policy_kind=policy.kind,
        target=object_reference(incident.target),
        incident=key,
        symptoms=tuple(symptom_record(symptom) for symptom in symptoms),
        visible_at=incident.visible_at,
    )
