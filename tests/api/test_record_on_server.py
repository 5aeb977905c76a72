"""What the operator writes is stored as written, and what it promised not to change cannot be changed."""

from typing import Any

import pytest
import yaml

from planaria_operator.api.base import API_VERSION
from planaria_operator.api.crds import HEALING_POLICY, REMEDIATION, Kind
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.remediation import RemediationStatus
from planaria_operator.api.schema import Schema, structural
from tests.api import example
from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver


def body(kind: Kind, name: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind.name, "metadata": {"name": name}, **parts}


def fields_of(schema: Schema, path: str = "") -> set[str]:
    """Every field that the schema has, as paths."""
    below = {f"{path}.{name}": child for name, child in schema.get("properties", {}).items()}
    paths = set(below).union(*(fields_of(child, name) for name, child in below.items()))
    return paths | fields_of(schema["items"], path) if "items" in schema else paths


def fields_in(value: Any, path: str = "") -> set[str]:
    """Every field that is set, as paths."""
    if isinstance(value, list):
        return set().union(*(fields_in(item, path) for item in value))
    if not isinstance(value, dict):
        return set()
    return set().union(*({f"{path}.{key}", *fields_in(item, f"{path}.{key}")} for key, item in value.items()))


def test_the_example_uses_every_field_of_the_record():
    assert fields_in(example.SPEC.to_body()) == fields_of(structural(REMEDIATION.spec, defaults=False))
    assert fields_in(example.STATUS.to_body()) == fields_of(structural(RemediationStatus, defaults=False))
    assert fields_in(example.POLICY_STATUS.to_body()) == fields_of(
        structural(HealingPolicyStatus, defaults=False)
    )


def test_a_full_remediation_is_stored_without_pruning_or_warnings(kubectl: Kubectl, namespace: str):
    spec, status = example.SPEC.to_body(), example.STATUS.to_body()
    kubectl.apply(namespace, body(REMEDIATION, "web", spec=spec))
    stored = kubectl.apply_status(namespace, body(REMEDIATION, "web", status=status))
    assert stored["spec"] == spec
    assert stored["status"] == status
    assert type(example.STATUS).model_validate(stored["status"]) == example.STATUS
    assert type(example.SPEC).model_validate(stored["spec"]) == example.SPEC


def test_a_full_policy_status_is_stored_without_pruning_or_warnings(kubectl: Kubectl, namespace: str):
    status = example.POLICY_STATUS.to_body()
    kubectl.apply(namespace, body(HEALING_POLICY, "everything"))
    stored = kubectl.apply_status(namespace, body(HEALING_POLICY, "everything", status=status))
    assert stored["status"] == status


def test_the_defaults_of_the_server_are_those_of_the_model(kubectl: Kubectl, namespace: str):
    stored = kubectl.apply(namespace, body(HEALING_POLICY, "empty"))
    assert HEALING_POLICY.spec.model_validate(stored["spec"]) == HEALING_POLICY.spec()


def test_a_half_written_section_is_filled_up_with_defaults(kubectl: Kubectl, namespace: str):
    spec = {"guardrails": {"budget": {"actions": 0}}, "actions": []}
    stored = kubectl.apply(namespace, body(HEALING_POLICY, "frugal", spec=spec))
    assert stored["spec"]["guardrails"]["budget"] == {"actions": 0, "windowSeconds": 3600}
    assert stored["spec"]["guardrails"]["cooldownSeconds"] == 300
    assert stored["spec"]["actions"] == []


def test_enforcing_on_everything_in_the_namespace_is_allowed(kubectl: Kubectl, namespace: str):
    stored = kubectl.apply(namespace, body(HEALING_POLICY, "all", spec={"mode": "Enforce", "selector": {}}))
    assert stored["spec"]["mode"] == "Enforce"


@pytest.mark.parametrize("change", [{"incident": "another-1"}, {"symptoms": []}, {"policy": "other"}])
def test_the_incident_of_a_remediation_cannot_be_changed(kubectl: Kubectl, namespace: str, change):
    kubectl.apply(namespace, body(REMEDIATION, "web", spec=example.SPEC.to_body()))
    patch = yaml.safe_dump({"spec": change})
    said = kubectl.refusal("patch", "rem", "web", "-n", namespace, "--type=merge", "-p", patch)
    assert "spec: Invalid value" in said
    assert "spec is immutable" in said
    assert "delete the Remediation instead" in said


def test_applying_the_same_incident_again_is_no_change(kubectl: Kubectl, namespace: str):
    first = kubectl.apply(namespace, body(REMEDIATION, "web", spec=example.SPEC.to_body()))
    again = kubectl.apply(namespace, body(REMEDIATION, "web", spec=example.SPEC.to_body()))
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert again["metadata"]["generation"] == 1


def test_a_remediation_without_an_incident_is_refused(kubectl: Kubectl, namespace: str):
    said = kubectl.refusal(
        "apply", "-n", namespace, "-f", "-", stdin=yaml.safe_dump(body(REMEDIATION, "empty"))
    )
    assert "spec: Required value" in said


def test_a_second_manager_of_actions_changes_only_its_own_entry(kubectl: Kubectl, namespace: str):
    mine = {"actions": [{"type": "scale", "maxReplicas": 5}]}
    kubectl.apply(namespace, body(HEALING_POLICY, "shared", spec=mine), "--field-manager=team")
    theirs = {"actions": [{"type": "restart"}]}
    stored = kubectl.apply(namespace, body(HEALING_POLICY, "shared", spec=theirs), "--field-manager=platform")
    assert {entry["type"] for entry in stored["spec"]["actions"]} == {"scale", "restart"}
