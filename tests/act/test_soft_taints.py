"""The soft taint that a migration sets and takes off again, by the actor."""

import copy
import re

import pytest

from planaria_contract import Migrate
from planaria_operator.act.actor import Actor
from planaria_operator.act.patches import REVERT
from planaria_operator.act.taints import scope_of, value_of
from planaria_operator.kube.fake import FakeKube
from tests.act.bodies import TOKEN, pod
from tests.act.test_actor import NODE, planned, world


async def test_other_taints_stay_when_ours_comes_and_goes():
    theirs = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    kube = FakeKube({**copy.deepcopy(NODE), "spec": {"taints": [theirs]}}, pod())
    plan = planned(world(), Migrate(source="node-1"))
    await Actor(kube).apply(plan.operations, TOKEN)
    ours = {"key": "planaria.dev/avoid", "effect": "PreferNoSchedule", "value": "1"}
    assert kube.objects["Node", "", "node-1"]["spec"]["taints"] == [theirs, ours]
    await Actor(kube).apply(plan.cleanup, TOKEN)
    assert kube.objects["Node", "", "node-1"]["spec"]["taints"] == [theirs]


async def test_a_node_that_a_later_attempt_avoids_too_is_avoided_until_that_one_ends():
    kube = world()
    plan = planned(kube, Migrate(source="node-1"))
    first, later = "front-1/1@aaaaaaaa", "other-1/2@bbbbbbbb"
    await Actor(kube).apply(plan.operations[:1], first)
    await Actor(kube).apply(plan.operations[:1], later)
    await Actor(kube).apply(plan.cleanup, first)
    (taint,) = kube.objects["Node", "", "node-1"]["spec"]["taints"]
    assert taint["value"] == "2.bbbbbbbb"
    await Actor(kube).apply(plan.cleanup, later + REVERT)
    assert not kube.objects["Node", "", "node-1"]["spec"].get("taints")


async def test_a_taint_that_an_older_version_left_without_a_name_is_taken_off():
    kube = world()
    plan = planned(kube, Migrate(source="node-1"))
    kube.put({**NODE, "spec": {"taints": [{"key": "planaria.dev/avoid", "effect": "PreferNoSchedule"}]}})
    await Actor(kube).apply(plan.cleanup, "front-1/1@aaaaaaaa")
    assert not kube.objects["Node", "", "node-1"]["spec"].get("taints")


async def test_a_node_that_is_gone_needs_no_cleaning_up():
    plan = planned(world(), Migrate(source="node-1"))
    assert await Actor(FakeKube()).apply(plan.cleanup, TOKEN) == ["Node/node-1 is gone"]


async def test_a_node_made_anew_under_its_name_needs_no_cleaning_up():
    plan = planned(world(), Migrate(source="node-1"))
    anew = FakeKube({"kind": "Node", "metadata": {"name": "node-1", "uid": "another"}, "spec": {}})
    assert await Actor(anew).apply(plan.cleanup, TOKEN) == ["Node/node-1 is gone"]
    assert anew.changes == []


@pytest.mark.parametrize(("before", "after"), [("", "shop"), ("shop", "pay")])
async def test_an_attempt_takes_its_taint_off_though_the_operator_was_given_other_namespaces_meanwhile(
    before: str, after: str
):
    kube, attempt = world(), "front-1/1@aaaaaaaa"
    plan = planned(kube, Migrate(source="node-1"))
    await Actor(kube, scope_of([before] if before else [])).apply(plan.operations[:1], attempt)
    await Actor(kube, scope_of([after])).apply(plan.cleanup, attempt)
    assert not kube.objects["Node", "", "node-1"]["spec"].get("taints")


async def test_the_value_of_the_taint_is_one_that_the_api_server_takes_also_in_a_dry_run():
    kube, scope = world(), scope_of(["shop"])
    plan = planned(kube, Migrate(source="node-1"))
    await Actor(kube, scope).apply(plan.operations[:1], "front-1/12@aaaaaaaa")
    (taint,) = kube.objects["Node", "", "node-1"]["spec"]["taints"]
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", taint["value"])
    assert value_of("", scope) == ""
