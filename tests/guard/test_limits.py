"""Budgets of target, namespace and operator; how many at once; how sure, how fresh, how long in sight."""

import pytest

from planaria_contract import Action
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.guard.budget import BudgetInTotal, BudgetOfNamespace, BudgetOfTarget
from planaria_operator.guard.concurrency import Concurrency
from planaria_operator.guard.confidence import ConfidenceFloor
from planaria_operator.guard.hesitation import Hesitation, hesitation
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.node_action import NodeAction
from planaria_operator.guard.stale import FreshEvidence
from planaria_operator.guard.verdict import Limits
from tests.builders import ago, deployment, node, policy, store
from tests.guard.proposals import (
    FRONT,
    attempt,
    plan,
    proposal,
    put_records,
    reference,
    remediation,
    reservation,
    understood,
    with_reservations,
)

ON_FRONT = "Deployment/front"

# --- budgets


def elsewhere(name: str, namespace: str, *taken: float, target: str = "Deployment/other") -> HealingPolicy:
    made = policy(name, namespace=namespace)
    return with_reservations(made, *(reservation(each, by=f"{name}-{each}", target=target) for each in taken))


def world(*policies: HealingPolicy):
    filled = store(FRONT)
    for each in policies:
        filled.put_policy(each)
    return filled


def test_one_target_has_a_budget_of_its_own():
    rails = {"target_budget": {"actions": 2, "window_seconds": 600}}
    taken = [reservation(each, by=f"front-{each}", target=ON_FRONT) for each in (100, 500, 700)]
    other = reservation(50)
    verdict = BudgetOfTarget().check(
        proposal(under=with_reservations(policy(guardrails=rails), *taken, other))
    )
    assert (verdict.reason, verdict.retry_after) == (Reason.TARGET_BUDGET_EXHAUSTED, 100)
    assert "2 of 2 actions of the target" in verdict.message


def test_what_another_policy_of_the_namespace_did_to_the_target_counts():
    under = policy(guardrails={"target_budget": {"actions": 1}})
    same = world(elsewhere("a", "shop", 10, target=ON_FRONT))
    namesake = world(elsewhere("a", "stock", 10, target=ON_FRONT))
    assert not BudgetOfTarget().check(proposal(under=under, world=same)).allowed
    assert BudgetOfTarget().check(proposal(under=under, world=namesake)).allowed


def test_a_node_is_one_target_whichever_namespace_acts_on_it():
    lost = node("node-1", ready=False)
    under = policy(guardrails={"target_budget": {"actions": 1}})
    here = world(elsewhere("a", "stock", 10, target="Node/node-1"))
    assert not BudgetOfTarget().check(proposal(target=lost, under=under, world=here)).allowed


def test_all_policies_of_a_namespace_share_its_budget():
    under = policy(guardrails={"namespace_budget": {"actions": 3}})
    here = world(elsewhere("a", "shop", 10, 20), elsewhere("b", "shop", 30), elsewhere("c", "stock", 40))
    verdict = BudgetOfNamespace().check(proposal(under=under, world=here))
    assert (verdict.allowed, verdict.reason) == (False, Reason.NAMESPACE_BUDGET_EXHAUSTED)
    assert BudgetOfNamespace().check(proposal(under=policy(), world=here)).allowed


def test_all_policies_of_the_operator_share_its_budget_of_an_hour():
    here = world(elsewhere("a", "shop", 10, 3500), elsewhere("c", "stock", 40, 3700))
    verdict = BudgetInTotal().check(proposal(world=here, limits=Limits(actions_per_hour=3)))
    assert (verdict.reason, verdict.retry_after) == (Reason.TOTAL_BUDGET_EXHAUSTED, 100)
    assert BudgetInTotal().check(proposal(world=here, limits=Limits(actions_per_hour=4))).allowed
    assert BudgetInTotal().check(proposal(world=here, limits=Limits(actions_per_hour=5000))).allowed


def test_the_newest_word_on_the_own_policy_counts_once():
    under = with_reservations(policy(), reservation(10))
    here = world(under)
    assert BudgetInTotal().check(proposal(under=under, world=here, limits=Limits(2))).allowed


# --- how many at once


def under_way(
    stage: Stage, name: str = "back-1", namespace: str = "shop", by: str = "default"
) -> Remediation:
    made = remediation(deployment("back"), name=name)
    return made.model_copy(
        update={
            "namespace": namespace,
            "spec": made.spec.model_copy(update={"policy": by}),
            "status": made.status.model_copy(update={"stage": stage}),
        }
    )


def at_once(*others: Remediation, **fields: int):
    here = store(FRONT)
    put_records(here, *others)
    limits = Limits(acting=fields.get("acting", 20))
    under = policy(guardrails={"max_concurrent": fields.get("most", 1)})
    return Concurrency().check(proposal(under=under, world=here, limits=limits))


@pytest.mark.parametrize("stage", list(Stage))
def test_only_what_is_under_way_takes_a_place(stage: Stage):
    busy = stage in {Stage.ACTING, Stage.VERIFYING, Stage.REVERTING}
    verdict = at_once(under_way(stage))
    assert verdict.allowed is not busy
    assert verdict.reason is (Reason.TOO_MANY_AT_ONCE if busy else Reason.ALLOWED)


def test_other_policies_take_the_operators_places_only():
    others = under_way(Stage.ACTING, "a", "stock"), under_way(Stage.ACTING, "b", by="another")
    assert at_once(*others).allowed
    assert not at_once(*others, acting=2).allowed


def test_its_own_record_does_not_stand_in_its_way():
    assert at_once(under_way(Stage.REVERTING, "front-1")).allowed


# --- how sure, and for how long in sight


def test_a_fault_below_the_floor_is_left_alone():
    made = proposal(remediation=remediation(semantic_state=understood(19)))
    verdict = ConfidenceFloor().check(made)
    assert (verdict.allowed, verdict.reason) == (False, Reason.LOW_CONFIDENCE)
    assert verdict.message == "19% sure; scale asks for 20%"
    assert ConfidenceFloor().check(proposal(remediation=remediation(semantic_state=understood(20)))).allowed


def test_an_action_may_ask_for_more_confidence_or_for_less():
    unsure = remediation(semantic_state=understood(50))
    strict = policy(actions=[{"type": "scale", "min_confidence_percent": 60}])
    lax = policy(
        guardrails={"min_confidence_percent": 90}, actions=[{"type": "scale", "min_confidence_percent": 0}]
    )
    assert not ConfidenceFloor().check(proposal(remediation=unsure, under=strict)).allowed
    assert ConfidenceFloor().check(proposal(remediation=unsure, under=lax)).allowed


def test_a_fault_that_was_never_understood_cannot_be_judged():
    with pytest.raises(LookupError, match="front-1 has no semantic state"):
        ConfidenceFloor().check(proposal(remediation=remediation(semantic_state=None)))


@pytest.mark.parametrize(("percent", "seconds"), [(0, 60), (40, 30), (60, 15), (80, 0), (100, 0)])
def test_the_less_sure_the_longer_it_is_watched(percent: int, seconds: float):
    assert hesitation(60, percent) == seconds


def test_the_wait_counts_from_when_the_fault_was_visible():
    weak = remediation(semantic_state=understood(20))
    calm = policy(guardrails={"hesitation_seconds": 120})
    verdict = Hesitation().check(
        proposal(remediation=weak, under=calm)
    )  # visible for 60 s, 90 s are asked for
    assert (verdict.reason, verdict.retry_after) == (Reason.TOO_EARLY, 30)
    assert Hesitation().check(proposal(remediation=weak)).allowed


# --- how fresh


def test_evidence_of_a_moment_ago_is_fresh():
    assert FreshEvidence().check(proposal()).allowed


@pytest.mark.parametrize("seconds", [121, -121], ids=["the operator was away", "the clock was set back"])
def test_evidence_from_another_time_is_read_anew(seconds: int):
    verdict = FreshEvidence().check(proposal(remediation=remediation(understood_at=ago(seconds))))
    assert (verdict.reason, verdict.retry_after) == (Reason.STALE_EVIDENCE, 1)


def test_evidence_from_before_the_end_of_a_storm_is_read_anew():
    made = policy()
    after = made.model_copy(update={"status": made.status.model_copy(update={"storm_ended_at": ago(10)})})
    read = remediation(understood_at=ago(11))
    assert FreshEvidence().check(proposal(remediation=read, under=after)).reason is Reason.STALE_EVIDENCE
    assert FreshEvidence().check(proposal(remediation=remediation(understood_at=ago(9)), under=after)).allowed


def test_nobody_knows_when_it_was_read():
    assert not FreshEvidence().check(proposal(remediation=remediation(understood_at=None))).allowed


# --- nodes, and what counts as healthy


def test_a_workloads_symptom_does_not_justify_an_action_on_a_node():
    cordon = Operation(verb=Verb.PATCH, object=ObjectReference(kind="Node", name="node-1"))
    verdict = NodeAction().check(proposal(plan=plan(reference(FRONT), cordon)))
    assert (verdict.allowed, verdict.reason) == (False, Reason.WORKLOAD_SYMPTOM)
    isolating = plan(reference(FRONT)).model_copy(update={"action": Action.ISOLATE})
    assert not NodeAction().check(proposal(plan=isolating)).allowed


def test_a_nodes_own_symptom_does_and_a_passing_preference_needs_none():
    lost = node("node-1", ready=False)
    cordon = Operation(verb=Verb.PATCH, object=reference(lost))
    assert NodeAction().check(proposal(target=lost, plan=plan(reference(lost), cordon))).allowed
    avoid = Operation(verb=Verb.AVOID, object=reference(lost))
    assert NodeAction().check(proposal(plan=plan(reference(FRONT), avoid))).allowed


def test_what_another_remediation_acts_on_counts_as_unhealthy_though_it_looks_well():
    """A dependency that is scaled up for somebody else's sake is under remediation too."""
    back, other = deployment("back"), deployment("other")
    acting = remediation(other, name="other-1", attempts=(attempt(back, ago(5)),))
    acting = acting.model_copy(update={"status": acting.status.model_copy(update={"stage": Stage.VERIFYING})})
    here = store(FRONT, back, other)
    here.put_remediation(acting)
    here.put_policy(policy())
    verdict = MinHealthy().check(proposal(world=here, under=policy(guardrails={"min_healthy": 1})))
    assert verdict.message.startswith("0 of 2 other workloads are healthy")
