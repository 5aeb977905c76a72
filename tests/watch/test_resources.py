import pytest

from planaria_operator.api.actions import Mode
from planaria_operator.api.remediation import Stage
from planaria_operator.watch.resources import Unreadable, parse_policy, parse_remediation
from tests.watch.bodies import policy, remediation


def test_a_policy_is_read_with_its_identity():
    found = parse_policy(policy("all", uid="u1", version=7, spec={"mode": "Enforce"}))
    assert (found.namespace, found.name, found.uid, found.resource_version) == ("shop", "all", "u1", "7")
    assert found.spec.mode is Mode.ENFORCE
    assert found.status.reservations == ()


def test_a_remediation_is_read_with_its_target_and_stage():
    found = parse_remediation(remediation("r1", status={"stage": "Verifying"}))
    assert found.status.stage is Stage.VERIFYING
    assert found.spec.target.name == "web"


def test_a_remediation_names_the_policy_object_that_it_was_opened_under():
    body, owner = remediation("r1"), {"kind": "HealingPolicy", "name": "all", "uid": "u1"}
    assert parse_remediation(body).policy_uid == ""
    body["metadata"]["ownerReferences"] = [
        {**owner, "kind": "Team", "uid": "u0"},
        {**owner, "controller": True},
    ]
    assert parse_remediation(body).policy_uid == "u1"


def test_a_remediation_that_was_just_created_has_no_status_yet():
    assert parse_remediation(remediation("r1")).status.stage is Stage.DETECTED


def test_an_unreadable_object_names_every_field_that_is_wrong():
    with pytest.raises(Unreadable) as caught:
        parse_policy(policy("all", spec={"mode": "Sometimes", "guardrails": {"budget": {"actions": -1}}}))
    text = str(caught.value)
    assert "spec.mode:" in text
    assert "spec.guardrails.budget.actions:" in text
    assert "(got -1)" in text
    assert "\n" not in text


def test_many_wrong_fields_are_counted_rather_than_listed():
    wrong = {"triggers": dict.fromkeys(("notReadyForSeconds", "waitingForSeconds", "unschedulableForSeconds", "nodeNotReadyForSeconds"), -1),
        "mode": "x", "kinds": [], "escalation": {"maxAttempts": 99}}  # fmt: skip
    with pytest.raises(Unreadable, match="and 2 more"):
        parse_policy(policy("all", spec=wrong))


def test_a_remediation_without_a_spec_is_unreadable():
    with pytest.raises(Unreadable, match="spec: Field required"):
        parse_remediation(remediation("r1", spec=None))
