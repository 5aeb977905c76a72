"""What holds a drain, what ends it before every pod is moved, and that both are told."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.kube.errors import Invalid, TooManyRequests, Unavailable
from planaria_operator.objects.cluster import Namespace
from planaria_operator.verify.health import Health
from tests import builders
from tests.reconcile.draining import (
    CART,
    THEIRS,
    Town,
    applied,
    drain_of,
    executed,
    told,
)
from tests.reconcile.harness import change_spec


async def test_what_a_budget_holds_is_tried_again_after_the_others_and_named_in_the_end(town: Town):
    await town.begin()
    budget = TooManyRequests("budget kept allows 0", 5, budget=True)

    async def evict(namespace: str, pod: str, *, real: Any = town.kube.evict, **more: Any) -> None:
        if pod == "cart-0":
            tries.append(town.world.now)
            raise budget
        await real(namespace, pod, **more)

    tries: list[Any] = []
    town.kube.evict = evict  # type: ignore[method-assign]
    found = await town.until(applied, replacing=True)
    assert town.evicted == ["front-0", "front-1", "front-2", "cart-1"]
    assert 3 <= len(tries) <= 6, "again and again, but not each second"
    assert "4 of 5 pods moved" in executed(found)[1]
    (stopped,) = told(found, Reason.DRAIN_STOPPED)
    assert "left: shop/cart-0 (budget kept allows 0)" in stopped
    assert len(told(found, Reason.DISRUPTION_BUDGET)) == 1
    assert len(told(found, Reason.DRAIN_ROUND)) == 3, "what is only tried again is no news"


async def test_a_budget_that_gives_way_later_lets_the_last_pod_go(town: Town):
    await town.begin()
    town.kube.fail("evict", "Pod", TooManyRequests("no", 5, budget=True))

    # It hits front-0, which must go in the first round: the round is sent again.
    found = await town.until(applied, replacing=True)
    assert sorted(set(town.evicted)) == ["cart-0", "cart-1", "front-0", "front-1", "front-2"]
    assert drain_of(found).moved == 5
    assert drain_of(found).held == ()


async def test_a_server_that_throttles_between_rounds_is_waited_for_and_no_budget_is_blamed(town: Town):
    await town.begin()

    async def evict(namespace: str, pod: str, *, real: Any = town.kube.evict, **more: Any) -> None:
        if pod == "cart-0" and len(tries) < 2:
            tries.append(pod)
            raise TooManyRequests("too many requests, please try again later", 5)
        await real(namespace, pod, **more)

    tries: list[str] = []
    town.kube.evict = evict  # type: ignore[method-assign]
    found = await town.until(applied, replacing=True)
    assert drain_of(found).moved == 5
    assert not list(told(found, Reason.DISRUPTION_BUDGET))


async def test_an_eviction_that_is_refused_for_good_is_not_tried_again(town: Town):
    await town.begin()

    async def evict(namespace: str, pod: str, *, real: Any = town.kube.evict, **more: Any) -> None:
        if pod == "cart-0":
            tries.append(pod)
            raise Invalid("it has more than one PodDisruptionBudget")
        await real(namespace, pod, **more)

    tries: list[str] = []
    town.kube.evict = evict  # type: ignore[method-assign]
    found = await town.until(applied, replacing=True)
    assert tries == ["cart-0"]
    assert "left: shop/cart-0 (it has more than one PodDisruptionBudget)" in executed(found)[1]


async def test_the_first_round_is_given_up_where_a_budget_holds_an_affected_pod_to_the_end(town: Town):
    await town.begin()
    town.kube.fail("evict", "Pod", TooManyRequests("budget front allows 0", 5, budget=True), times=1000)
    found = await town.until(lambda each: each.status.stage is Stage.REVERTING, seconds=5)
    assert executed(found)[0] == Reason.NOT_APPLIED_IN_TIME
    await town.step()
    assert not town.kube.objects["Node", "", "node-1"]["spec"].get("unschedulable")


async def test_pods_that_do_not_get_ready_elsewhere_end_the_drain(town: Town):
    await town.begin()
    found = await town.until(applied, seconds=5)
    assert town.evicted == ["front-0", "front-1"]
    (stopped,) = told(found, Reason.DRAIN_STOPPED)
    assert stopped == (
        "2 of 5 pods moved in 1 rounds; left: shop/front-2, shop/cart-0, shop/cart-1; "
        "waits for shop/front (0 of 2 pods ready elsewhere)"
    )


async def test_a_person_who_opens_the_node_ends_the_drain_and_it_is_not_closed_again(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    assert len(town.evicted) == 2
    town.kube.objects["Node", "", "node-1"]["spec"]["unschedulable"] = None
    town.replace_evicted()
    found = await town.until(applied)
    assert len(town.evicted) == 2
    assert not town.kube.objects["Node", "", "node-1"]["spec"].get("unschedulable")
    assert "opened, or closed anew, by somebody else" in executed(found)[1]
    assert drain_of(found).moved == 2


async def test_a_person_who_takes_the_cordon_over_before_anything_moved_has_the_node(town: Town):
    await town.begin()
    await town.step()
    town.kube.objects["Node", "", "node-1"]["metadata"]["managedFields"] = THEIRS
    found = await town.step()
    assert (found.status.stage, executed(found)[0]) == (Stage.REVERTING, Reason.WORLD_CHANGED)
    await town.step()
    assert town.evicted == []
    assert town.kube.objects["Node", "", "node-1"]["spec"]["unschedulable"], "theirs, so it stays"


async def test_a_guard_that_changes_its_mind_holds_the_next_round(town: Town):
    await town.first_round()
    space = builders.meta("Namespace", "shop", namespace="", annotations={"planaria.dev/heal": "disabled"})
    town.world.store.put(Namespace(space))
    held = await town.step(1)
    assert executed(held)[0] == Reason.OPTED_OUT
    assert len(town.evicted) == 2
    found = await town.until(applied, seconds=5)
    assert len(town.evicted) == 2
    assert len(told(found, Reason.OPTED_OUT)) == 1
    assert "says planaria.dev/heal: disabled" in told(found, Reason.DRAIN_STOPPED)[0]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"actions": [{"type": "restart"}]}, Reason.NOT_ALLOWED_BY_POLICY),
        ({"mode": "Approve"}, Reason.AWAITING_APPROVAL),
    ],
    ids=["an action that is not listed any more", "one that somebody has to approve by now"],
)
async def test_no_round_begins_that_the_policy_does_not_allow_any_more(
    town: Town, spec: dict[str, Any], reason: Reason
):
    await town.first_round()
    change_spec(town.world, **spec)
    held = await town.step(1)
    assert executed(held)[0] == reason
    await town.until(applied, seconds=5, replacing=True)
    assert len(town.evicted) == 2


async def test_a_drain_that_was_approved_goes_on_to_its_last_round(town: Town):
    await town.begin()
    await town.approved()
    change_spec(town.world, mode="Approve")
    await town.until(applied, replacing=True)
    assert len(town.evicted) == 5


async def test_no_round_begins_while_too_few_others_are_healthy(town: Town):
    await town.first_round()
    town.world.store.put(replace(CART, ready=1, available=1))
    held = await town.step(1)
    assert executed(held) == (
        Reason.TOO_FEW_HEALTHY,
        "2 of 5 pods moved; 0 of 1 other workloads are healthy; 1 are required (50%)",
    )
    assert len(town.evicted) == 2
    town.world.store.put(CART)
    await town.until(applied, replacing=True)
    assert len(town.evicted) == 5


async def test_a_node_that_is_well_again_keeps_the_rest(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    town.world.store.put(builders.node("node-1", steady_since=builders.ago(31)))
    found = await town.step()
    assert applied(found)
    assert len(town.evicted) == 2
    assert "the node is well again" in executed(found)[1]


async def test_a_server_that_is_away_between_rounds_is_asked_again(town: Town):
    await town.first_round()
    town.kube.fail("evict", "Pod", Unavailable("no answer"))
    held = await town.step(1)
    assert executed(held)[0] == Reason.API_UNAVAILABLE
    found = await town.until(applied, replacing=True)
    assert drain_of(found).moved == 5


async def test_a_target_that_is_well_after_the_first_round_recovered_then(town: Town):
    await town.first_round()
    town.world.health = Health(healthy=True, gone=False, message="well")
    first = await town.step(1)
    since = first.status.healthy_since
    assert since is not None
    found = await town.until(applied, replacing=True)
    assert found.status.healthy_since == since
    await town.until(lambda each: each.status.finished)
