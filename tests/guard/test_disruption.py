"""Evictions fit into the PodDisruptionBudgets, counted as the API server counts them."""

from typing import Any

import pytest

from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.disruption import Disruption
from planaria_operator.objects.disruption import parse_disruption_budget
from tests.builders import pod, replica_set, store
from tests.guard.proposals import FRONT, plan, proposal, reference

SET = replica_set(FRONT)
PODS = [pod(f"front-{number}", SET) for number in range(3)]


def budget(allowed: int = 1, *, name: str = "front", selector: Any = None, healthy: int = 2, **spec: Any):
    generation, observed = spec.pop("generation", 1), spec.pop("observed", 1)
    return parse_disruption_budget(
        {
            "metadata": {"name": name, "namespace": "shop", "generation": generation},
            "spec": {"selector": {"matchLabels": {"app": "front"}} if selector is None else selector, **spec},
            "status": {
                "disruptionsAllowed": allowed,
                "currentHealthy": healthy,
                "desiredHealthy": 2,
                "observedGeneration": observed,
            },
        }
    )


def evicting(count: int, *views: Any, best_effort: bool = False):
    gone = (
        Operation(
            verb=Verb.EVICT,
            object=ObjectReference(kind="Pod", namespace="shop", name=f"front-{number}"),
            best_effort=best_effort,
        )
        for number in range(count)
    )
    made = plan(reference(FRONT), *gone)
    return Disruption().check(proposal(plan=made, world=store(FRONT, SET, *views)))


def test_a_plan_without_evictions_needs_no_budget():
    assert Disruption().check(proposal()).allowed


def test_all_evictions_of_a_plan_have_to_fit_at_once():
    assert evicting(1, PODS, budget(1)).allowed
    verdict = evicting(2, PODS, budget(1))
    assert (verdict.allowed, verdict.reason, verdict.retry_after) == (False, Reason.DISRUPTION_BUDGET, 15)
    assert verdict.message == "front allows 1 evictions now; 2 are needed"


def test_pods_that_no_budget_covers_are_free():
    assert evicting(3, PODS, budget(0, selector={"matchLabels": {"app": "back"}})).allowed


def test_an_empty_selector_covers_every_pod_and_none_covers_none():
    assert not evicting(1, PODS, budget(0, selector={})).allowed
    nothing = parse_disruption_budget({"metadata": {"name": "x", "namespace": "shop"}, "spec": {}})
    assert evicting(1, PODS, nothing).allowed


def test_a_budget_that_was_not_counted_anew_since_it_changed_allows_nothing():
    assert not evicting(1, PODS, budget(5, generation=2, observed=1)).allowed


def test_a_pod_under_two_budgets_is_not_evicted():
    verdict = evicting(1, PODS, budget(5), budget(5, name="all", selector={}))
    assert "more than one budget (all, front)" in verdict.message


def test_a_pod_that_does_not_serve_costs_nothing_while_the_budget_is_met():
    sick = pod("front-0", SET, ready=False)
    assert evicting(1, sick, budget(0)).allowed
    assert not evicting(1, sick, budget(0, healthy=1)).allowed
    assert evicting(1, sick, budget(0, healthy=1, unhealthyPodEvictionPolicy="AlwaysAllow")).allowed


@pytest.mark.parametrize("fields", [{"phase": "Pending", "ready": False}, {"deleting": True}])
def test_a_pod_that_never_ran_or_is_going_anyway_costs_nothing(fields: dict[str, Any]):
    assert evicting(1, pod("front-0", SET, **fields), budget(0, healthy=1)).allowed


def test_an_eviction_that_the_plan_can_do_without_is_left_to_the_api():
    assert evicting(2, PODS, budget(0), best_effort=True).allowed


def test_a_pod_that_is_gone_is_left_to_the_api():
    assert evicting(1, budget(0)).allowed


def test_where_budgets_may_not_be_watched_nothing_is_evicted():
    world = store(FRONT, SET, PODS)
    world.unwatched["PodDisruptionBudget"] = "the role does not allow to watch poddisruptionbudgets.policy"
    made = plan(
        reference(FRONT),
        Operation(verb=Verb.EVICT, object=ObjectReference(kind="Pod", namespace="shop", name="front-0")),
    )
    with pytest.raises(LookupError, match=r"poddisruptionbudgets\.policy"):
        Disruption().check(proposal(plan=made, world=world))
