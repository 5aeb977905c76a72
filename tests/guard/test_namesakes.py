"""A record that a person deletes is opened anew under the same name. What the first one did is not forgotten by that."""

from typing import Any

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.guard.breaker import Breaker
from planaria_operator.guard.budget import ActionBudget, reserved
from planaria_operator.guard.cooldown import Cooldown
from planaria_operator.guard.ledger import failures, useless
from planaria_operator.guard.repeat import NoRepetition
from tests.builders import NOW, policy
from tests.guard.proposals import proposal, remediation, reservation, with_reservations
from tests.guard.test_failures import RESTART, remembering, tried, world

FIRST, SECOND = "b1", "b2"
ONE = {"budget": {"actions": 1, "window_seconds": 600}}


def anew(uid: str = SECOND) -> Remediation:
    return remediation().model_copy(update={"uid": uid})


def taken(*uids: str, **spec: Any) -> HealingPolicy:
    """Under which a record of each uid, all of one name, made its first attempt on the same target."""
    each = (
        reservation(60, by="front-1", target="Deployment/front").model_copy(update={"uid": uid})
        for uid in uids
    )
    return with_reservations(policy(**spec), *each)


def failed(uid: str, name: str = "front-0", **fields: Any) -> Remediation:
    return tried(name, **fields).model_copy(update={"uid": uid})


def test_the_budget_counts_what_a_deleted_record_did():
    assert not ActionBudget().check(proposal(remediation=anew(), under=taken(FIRST, guardrails=ONE))).allowed
    assert ActionBudget().check(proposal(remediation=anew(FIRST), under=taken(FIRST, guardrails=ONE))).allowed


def test_what_a_new_record_takes_does_not_replace_what_the_deleted_one_took():
    status = taken(FIRST).status
    own = taken(SECOND).status.reservations[0]
    assert len(reserved(status, own, 3600).reservations) == 2
    assert len(reserved(reserved(status, own, 3600), own, 3600).reservations) == 2, "once each"


def test_what_an_older_version_wrote_counts_as_the_attempt_of_its_name():
    old = taken("", guardrails=ONE)
    assert ActionBudget().check(proposal(remediation=anew(), under=old)).allowed
    assert len(reserved(old.status, taken(SECOND).status.reservations[0], 3600).reservations) == 1


def test_the_new_record_waits_for_the_cooldown_after_the_deleted_one():
    assert Cooldown().check(proposal(remediation=anew(), under=taken(FIRST))).reason is Reason.COOLDOWN
    assert Cooldown().check(proposal(remediation=anew(FIRST), under=taken(FIRST))).allowed


def test_the_new_record_does_not_do_again_what_did_not_help_in_the_deleted_one():
    under = remembering(failed(FIRST, "front-1"))
    known = useless(world(), under, NOW, besides=anew())
    assert [each.uid for each in known.values()] == [FIRST]
    assert useless(world(), under, NOW, besides=anew(FIRST)) == {}
    assert not NoRepetition().check(proposal(decision=RESTART, under=under)).allowed


def test_each_of_many_records_of_one_name_is_a_failure_of_its_own():
    status = HealingPolicyStatus()
    for number in range(5):  # a person, or a job, deletes each when it is done
        now = policy().model_copy(update={"status": status})
        status = HealingPolicyStatus(failures=failures(world(failed(f"b{number}")), now, NOW))
    under = policy().model_copy(update={"status": status})
    assert Breaker().check(proposal(under=under)).reason is Reason.BREAKER_OPEN


def test_a_failure_that_an_older_version_wrote_is_not_counted_beside_its_record():
    old = remembering(failed(""))
    assert [each.uid for each in failures(world(failed(FIRST)), old, NOW)] == [FIRST]
