"""Which incidents become Remediations, and under what name."""

from dataclasses import replace

import pytest

from planaria_contract import SymptomKind
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation, RemediationSpec, RemediationStatus, Stage
from planaria_operator.detect.incident import Incident
from planaria_operator.objects.meta import Identity
from planaria_operator.reconcile.opening import (
    busy_elsewhere,
    incident_key,
    open_remediations,
    remediation_body,
    remediation_name,
)
from tests.builders import ago, deployment, policy, ref, store, symptom

FRONT = deployment()


def incident(since: float = 60) -> Incident:
    return Incident(policy(), ref(FRONT), (symptom(SymptomKind.CRASH_LOOP, since=since),))


def remediation(key: str, stage: Stage = Stage.FINISHED, *, policy_name: str = "default") -> Remediation:
    target = ObjectReference(kind="Deployment", namespace="shop", name="front", uid=FRONT.meta.uid)
    spec = RemediationSpec(policy=policy_name, target=target, incident=key, visible_at=ago(60))
    return Remediation(
        name=f"front-{key}", namespace="shop", spec=spec, status=RemediationStatus(stage=stage)
    )


def test_the_same_fault_has_the_same_name_after_a_restart() -> None:
    first, second = (remediation_body(incident(), incident_key(incident(), ()), "shop") for _ in range(2))
    assert first == second


def test_a_namesake_made_later_is_another_target() -> None:
    reborn = replace(incident(), target=incident().target.model_copy(update={"uid": "other"}))
    names = {remediation_body(each, each.key, "shop")["metadata"]["name"] for each in (incident(), reborn)}
    assert len(names) == 2


def test_another_onset_is_another_incident() -> None:
    assert incident_key(incident(60), ()) != incident_key(incident(30), ())


def test_signs_that_never_left_after_the_record_was_closed_are_a_new_incident() -> None:
    key = incident_key(incident(), ())
    again = incident_key(incident(), [remediation(key)])
    assert again == f"{key}.2"
    assert incident_key(incident(), [remediation(key), remediation(again)]) == f"{key}.3"


def test_a_target_that_a_policy_has_which_cannot_be_read_is_not_opened_for_under_another() -> None:
    """One that is gone has nothing any more; one that can be read again goes on with what it has."""
    here = store(FRONT)
    here.put_policy(policy())
    here.put_remediation(remediation("a", Stage.VERIFYING, policy_name="newer"))
    assert busy_elsewhere(here, policy()) == set()
    here.unreadable[Identity("HealingPolicy", "shop", "newer", "uid-9")] = "spec.mode: none of these"
    assert busy_elsewhere(here, policy()) == {FRONT.meta.uid}
    here.unreadable, here.unwatched = {}, {"HealingPolicy": "the role does not allow it"}
    assert busy_elsewhere(here, policy()) == set(), "of what is not watched any more nothing will be done"


def test_an_open_record_with_the_same_key_is_the_same_incident() -> None:
    key = incident_key(incident(), ())
    assert incident_key(incident(), [remediation(key, Stage.VERIFYING)]) == key


def test_only_unfinished_records_of_this_policy_are_open() -> None:
    known = store(FRONT)
    for each in (
        remediation("a", Stage.ESCALATED),
        remediation("b"),
        remediation("c", Stage.ACTING, policy_name="other"),
    ):
        known.put_remediation(each)
    assert [found.name for found in open_remediations(known, policy()).values()] == ["front-a"]


def test_the_record_belongs_to_its_policy_and_goes_with_it() -> None:
    (owner,) = remediation_body(incident(), "key", "shop")["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("HealingPolicy", policy().uid, True)


def test_a_name_of_any_length_makes_a_valid_object_name() -> None:
    name = remediation_name("p", "t", "a" * 47 + "." + "b" * 200, "key")
    assert len(name) <= 63
    assert ".-" not in name


@pytest.mark.parametrize("end", ["-", ".", "-.-"])
def test_a_policy_name_that_is_cut_after_its_separator_makes_a_valid_label(end: str) -> None:
    named = policy("a" * (63 - len(end)) + end + "b" * 20)
    body = remediation_body(replace(incident(), policy=named), "key", "shop")
    assert body["metadata"]["labels"]["planaria.dev/policy"] == "a" * (63 - len(end))


def test_what_the_api_says_of_a_fault_is_redacted_before_it_is_recorded() -> None:
    leaking = symptom(SymptomKind.CRASH_LOOP, message="app: exited, password=hunter2 was refused")
    body = remediation_body(Incident(policy(), ref(FRONT), (leaking,)), "key", "shop")
    (recorded,) = body["spec"]["symptoms"]
    assert "hunter2" not in recorded["message"]
    assert "was refused" in recorded["message"]
