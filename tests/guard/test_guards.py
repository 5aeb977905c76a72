"""Each guard: when it lets pass, when it refuses, with which reason, and when asking again makes sense."""

from typing import Any

import pytest

from planaria_operator.api.actions import Mode
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.budget import ActionBudget
from planaria_operator.guard.cooldown import Cooldown
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.mode import EnforceMode
from planaria_operator.guard.protected import ProtectedNamespace
from planaria_operator.objects.workload import Workload
from tests.builders import ago, daemon_set, deployment, node, pod, policy, stateful_set, store
from tests.guard.proposals import (
    FRONT,
    attempt,
    plan,
    proposal,
    reference,
    remediation,
    reservation,
    with_reservations,
)

# --- protected namespaces


def test_an_ordinary_namespace_is_not_protected():
    assert ProtectedNamespace().check(proposal()).allowed


def test_a_policy_in_a_protected_namespace_is_refused():
    verdict = ProtectedNamespace().check(proposal(protected_namespaces=frozenset({"shop"})))
    assert (verdict.allowed, verdict.reason) == (False, Reason.PROTECTED_NAMESPACE)
    assert "shop" in verdict.message


@pytest.mark.parametrize("part", ["operations", "inverse", "cleanup"])
def test_a_plan_that_reaches_into_a_protected_namespace_anywhere_is_refused(part: str):
    elsewhere = ObjectReference(kind="Pod", namespace="kube-system", name="dns")
    evict = Operation(verb=Verb.EVICT, object=elsewhere)
    sly = plan(reference(FRONT)).model_copy(update={part: (evict,)})
    assert not ProtectedNamespace().check(proposal(plan=sly)).allowed


# --- mode


def test_a_policy_that_enforces_is_acted_on():
    assert EnforceMode().check(proposal()).allowed


def test_a_policy_that_observes_is_not():
    verdict = EnforceMode().check(proposal(under=policy(mode=Mode.OBSERVE)))
    assert (verdict.allowed, verdict.reason) == (False, Reason.OBSERVE_MODE)
    assert "Observe" in verdict.message


def test_an_action_that_the_policy_does_not_list_is_refused_whatever_its_mode():
    verdict = EnforceMode().check(proposal(under=policy(actions=[{"type": "restart"}])))
    assert (verdict.allowed, verdict.reason) == (False, Reason.NOT_ALLOWED_BY_POLICY)
    assert verdict.message == "HealingPolicy default does not list scale"


# --- cooldown

ON_FRONT = "Deployment/front"


def test_a_target_that_nobody_acted_on_is_free():
    assert Cooldown().check(proposal()).allowed


def test_another_incidents_reservation_holds_the_target_until_the_cooldown_is_over():
    under = with_reservations(policy(), reservation(100, target=ON_FRONT))
    verdict = Cooldown().check(proposal(under=under))
    assert (verdict.allowed, verdict.reason, verdict.retry_after) == (False, Reason.COOLDOWN, 200)
    assert "100 s ago" in verdict.message
    assert "300 s" in verdict.message


@pytest.mark.parametrize("seconds", [300, 301])
def test_a_cooldown_that_is_over_holds_nothing(seconds: int):
    under = with_reservations(policy(), reservation(seconds, target=ON_FRONT))
    assert Cooldown().check(proposal(under=under)).allowed


def test_the_rungs_of_one_incident_do_not_wait_for_each_other():
    under = with_reservations(policy(), reservation(1, by="front-1", target=ON_FRONT))
    assert Cooldown().check(proposal(under=under)).allowed


def test_an_action_on_another_target_holds_nothing():
    assert Cooldown().check(proposal(under=with_reservations(policy(), reservation(1)))).allowed


def test_a_finished_record_holds_the_target_where_the_reservation_is_gone():
    world = store(FRONT)
    world.put_remediation(remediation(name="front-0", finished=True, attempts=(attempt(FRONT, ago(250)),)))
    verdict = Cooldown().check(proposal(world=world))
    assert (verdict.allowed, verdict.retry_after) == (False, 50)


def test_an_attempt_that_was_never_applied_holds_nothing():
    world = store(FRONT)
    world.put_remediation(remediation(name="front-0", finished=True, attempts=(attempt(FRONT, None),)))
    assert Cooldown().check(proposal(world=world)).allowed


CALLED_OFF = {"outcome": AttemptOutcome.SUPERSEDED, "finished_at": ago(90)}


@pytest.mark.parametrize(
    ("ended", "free"),
    [
        (CALLED_OFF, True),
        ({"outcome": AttemptOutcome.PENDING}, False),
        ({**CALLED_OFF, "begun_at": ago(95)}, False),
    ],
    ids=["called off", "still queued", "overtaken when it was sent"],
)
def test_what_was_called_off_before_anything_was_sent_holds_nothing(ended: dict[str, Any], free: bool):
    under, world = with_reservations(policy(), reservation(100, target=ON_FRONT)), store(FRONT)
    planned = attempt(FRONT, None)
    later = planned.decision.parameters.model_copy(update={"delay_seconds": 60})
    queued = planned.model_copy(
        update={"decision": planned.decision.model_copy(update={"parameters": later}), **ended}
    )
    world.put_remediation(remediation(name="other-1", finished=True, attempts=(queued,)))
    assert Cooldown().check(proposal(under=under, world=world)).allowed is free


def test_a_dependency_that_was_acted_on_for_somebody_else_is_held():
    back = deployment("back")
    under = with_reservations(policy(), reservation(10, target="Deployment/back"))
    assert not Cooldown().check(proposal(acted_on=back, under=under)).allowed


def test_an_action_stamped_by_a_clock_ahead_of_ours_is_held_for_no_longer_than_the_cooldown():
    under = with_reservations(policy(), reservation(-500, target=ON_FRONT))
    verdict = Cooldown().check(proposal(under=under))
    assert (verdict.allowed, verdict.retry_after) == (False, 300)


# --- min healthy


def world_of(*, well: int, ill: int, target: Workload = FRONT):
    others = [deployment(f"well-{index}") for index in range(well)]
    others += [deployment(f"ill-{index}", ready=0) for index in range(ill)]
    return store(target, others)


@pytest.mark.parametrize(
    ("wanted", "well", "ill", "allowed"),
    [
        ("50%", 0, 0, True),  # nobody else is there to be healthy
        ("50%", 1, 1, True),
        ("50%", 1, 2, False),  # 1.5 rounds up to 2
        ("100%", 3, 0, True),
        ("100%", 3, 1, False),
        ("0%", 0, 3, True),
        (0, 0, 3, True),
        (2, 2, 5, True),
        (3, 2, 0, False),
    ],
)
def test_enough_other_workloads_must_be_healthy(wanted: int | str, well: int, ill: int, allowed: bool):
    under = policy(guardrails={"min_healthy": wanted})
    verdict = MinHealthy().check(proposal(under=under, world=world_of(well=well, ill=ill)))
    assert verdict.allowed is allowed
    assert verdict.reason is (Reason.ALLOWED if allowed else Reason.TOO_FEW_HEALTHY)
    assert f"{well} of {well + ill} other workloads" in verdict.message


def test_a_workload_under_an_open_remediation_counts_as_unhealthy():
    world = world_of(well=2, ill=0)
    repaired = world.workload("Deployment", "shop", "well-0")
    assert repaired
    world.put_remediation(remediation(repaired, name="well-0-1"))
    under = policy(guardrails={"min_healthy": "100%"})
    assert MinHealthy().check(proposal(under=under, world=world)).allowed, "its policy is not there any more"
    world.put_policy(under)
    assert not MinHealthy().check(proposal(under=under, world=world)).allowed
    world.put_remediation(remediation(repaired, name="well-0-1", finished=True))
    assert MinHealthy().check(proposal(under=under, world=world)).allowed


def test_a_daemon_set_with_a_lost_node_is_healthy_everywhere_else():
    agent = daemon_set(ready=2, available=2)
    away = pod("agent-0", agent, ready=False, ready_since=ago(90))
    under = policy(guardrails={"min_healthy": "100%"})
    verdict = MinHealthy().check(
        proposal(under=under, world=store(FRONT, agent, away, node("node-1", ready=False)))
    )
    assert verdict.allowed
    assert "1 of 1 other workloads" in verdict.message


def test_a_rollout_that_a_person_holds_back_is_healthy():
    canary = stateful_set(updated=1, held_back=2)
    under = policy(guardrails={"min_healthy": "100%"})
    assert MinHealthy().check(proposal(under=under, world=store(FRONT, canary))).allowed


def test_neither_the_target_nor_what_is_acted_on_is_counted():
    back = deployment("back", desired=2, ready=0)
    verdict = MinHealthy().check(proposal(acted_on=back, under=policy(guardrails={"min_healthy": "100%"})))
    assert verdict.allowed
    assert "0 of 0 other workloads" in verdict.message


def test_workloads_that_the_policy_does_not_select_are_not_counted():
    target = deployment("front", labels={"team": "a"})
    stranger = stateful_set("store", ready=0, labels={"team": "b"})
    under = policy(labels={"team": "a"}, guardrails={"min_healthy": "100%"})
    assert MinHealthy().check(proposal(target=target, under=under, world=store(target, stranger))).allowed


@pytest.mark.parametrize(("ready", "allowed"), [(True, True), (False, False)])
def test_for_a_node_the_other_nodes_are_counted(ready: bool, allowed: bool):
    lost = node("node-1", ready=False)
    world = store(lost, node("node-2", ready=ready), deployment("ill", ready=0))
    verdict = MinHealthy().check(proposal(target=lost, world=world))
    assert verdict.allowed is allowed
    assert "of 1 other nodes" in verdict.message


# --- budget


def test_a_budget_that_is_used_up_says_when_the_next_action_is_free():
    under = policy(guardrails={"budget": {"actions": 2, "window_seconds": 600}})
    verdict = ActionBudget().check(
        proposal(under=with_reservations(under, reservation(500), reservation(50)))
    )
    assert (verdict.allowed, verdict.reason, verdict.retry_after) == (False, Reason.BUDGET_EXHAUSTED, 100)
    assert "2 of 2 actions" in verdict.message


def test_a_budget_overdrawn_by_a_lowered_limit_waits_for_enough_to_leave():
    under = policy(guardrails={"budget": {"actions": 1, "window_seconds": 600}})
    verdict = ActionBudget().check(
        proposal(under=with_reservations(under, reservation(500), reservation(50)))
    )
    assert verdict.retry_after == 550


def test_a_budget_of_none_forbids_everything():
    under = policy(guardrails={"budget": {"actions": 0, "window_seconds": 600}})
    verdict = ActionBudget().check(proposal(under=under))
    assert (verdict.allowed, verdict.retry_after) == (False, 600)


def test_actions_that_have_left_the_window_are_free_again():
    under = policy(guardrails={"budget": {"actions": 1, "window_seconds": 600}})
    assert ActionBudget().check(proposal(under=with_reservations(under, reservation(600)))).allowed


def test_what_this_very_attempt_has_reserved_already_is_not_counted_against_it():
    under = policy(guardrails={"budget": {"actions": 1, "window_seconds": 600}})
    own = reservation(5, by="front-1", number=1)
    assert ActionBudget().check(proposal(under=with_reservations(under, own))).allowed
    second = remediation(attempts=(attempt(FRONT, ago(5)),))
    assert not ActionBudget().check(proposal(remediation=second, under=with_reservations(under, own))).allowed
