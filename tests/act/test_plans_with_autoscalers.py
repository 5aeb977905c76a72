"""Where something else sets the replica count: its bounds are raised, or nothing is done, and never a count against it."""

from typing import Any

import pytest

from planaria_contract import Scale
from planaria_operator.act import scale
from planaria_operator.act.actor import Actor
from planaria_operator.act.builder import Refusal
from planaria_operator.act.patches import ATTEMPT, REVERT
from planaria_operator.act.sending import Superseded
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.errors import Conflict
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import JsonBody
from tests.act.bodies import (
    BLIND,
    SWITCHED_OFF,
    TOKEN,
    WITHIN,
    autoscaler,
    owned_by,
    planned,
    refused,
    replaced,
    scaled_object,
    setting,
    workload,
)
from tests.builders import NAMESPACE

MINIMUM, MAXIMUM = "/spec/minReplicas", "/spec/maxReplicas"
HPA = ("HorizontalPodAutoscaler", NAMESPACE, "front")
KEDA = ("ScaledObject", NAMESPACE, "front")


def scaled(
    *autoscalers: JsonBody,
    present: int = 3,
    ratio: float = 2.0,
    keda: tuple[JsonBody, ...] = (),
    **fields: Any,
) -> Plan | Refusal:
    fields.setdefault("target", workload(replicas=present))
    return scale.build(setting(Scale(ratio=ratio), autoscalers=autoscalers, scaled_objects=keda, **fields))


def test_an_autoscaler_that_is_held_by_its_maximum_gets_a_higher_one():
    plan = planned(scaled(autoscaler()))
    (go,), (back,) = plan.operations, plan.inverse
    assert (go.verb, go.object.kind, go.object.name) == (Verb.PATCH, *HPA[::2])
    assert (replaced(go), replaced(back)) == ({MAXIMUM: 6}, {MAXIMUM: 3})
    assert plan.target.kind == "Deployment", "budget, cooldown and verification are the workload's"
    assert plan.summary.startswith("HorizontalPodAutoscaler/front maxReplicas 3 -> 6: ")


@pytest.mark.parametrize(
    ("top", "ratio", "bounds", "after"), [(6, 2.0, {}, 10), (3, 1.5, {}, 5), (3, 2.0, {"max_replicas": 4}, 4)]
)
def test_the_new_maximum_follows_the_ratio_within_the_policys_bound(top: int, ratio: float, bounds, after):
    plan = planned(scaled(autoscaler(bounds=(1, top)), present=top, ratio=ratio, **bounds))
    assert replaced(plan.operations[0]) == {MAXIMUM: after}


@pytest.mark.parametrize("top", [10, 30])
def test_a_maximum_at_the_policys_bound_is_not_raised(top: int):
    assert refused(scaled(autoscaler(bounds=(1, top)), present=top)) is Reason.BOUND_REACHED


def test_one_that_cannot_read_its_metrics_gets_a_higher_minimum_and_a_maximum_that_holds_it():
    within = planned(scaled(autoscaler(BLIND, bounds=(1, 8))))
    assert replaced(within.operations[0]) == {MINIMUM: 6}
    assert replaced(within.inverse[0]) == {MINIMUM: 1}
    beyond = planned(scaled(autoscaler(BLIND, bounds=(1, 4))))
    assert replaced(beyond.operations[0]) == {MINIMUM: 6, MAXIMUM: 6}
    assert "FailedGetResourceMetric" in beyond.summary
    assert "minReplicas 1 -> 6, maxReplicas 4 -> 6" in beyond.summary


@pytest.mark.parametrize(
    ("found", "fields", "expected"),
    [
        ((autoscaler(WITHIN),), {}, Reason.AUTOSCALER_HAS_ROOM),
        ((autoscaler({}),), {}, Reason.AUTOSCALER_HAS_ROOM),  # nobody has judged it yet
        ((autoscaler(SWITCHED_OFF),), {}, Reason.AUTOSCALER_HAS_ROOM),
        ((autoscaler(),), {"ratio": 0.5}, Reason.AUTOSCALED),
        ((autoscaler(),), {"raise_autoscaler_bounds": False}, Reason.AUTOSCALED),
        ((autoscaler(), autoscaler(name="other")), {}, Reason.AUTOSCALED),
        ((autoscaler(ownerReferences=owned_by("Database", "d")),), {}, Reason.FOREIGN_OWNER),
        ((autoscaler(labels={"planaria.dev/heal": "disabled"}),), {}, Reason.OPTED_OUT),
        ((autoscaler(labels={"argocd.argoproj.io/instance": "shop"}),), {}, Reason.OWNED_BY_GIT_OPS),
    ],
)
def test_each_reason_to_leave_an_autoscaler_alone(found, fields, expected: Reason):
    assert refused(scaled(*found, **fields)) is expected


def test_what_the_policy_lets_git_ops_objects_have_is_given():
    found = scaled(autoscaler(labels={"argocd.argoproj.io/instance": "shop"}), git_ops="Override")
    assert replaced(planned(found).operations[0]) == {MAXIMUM: 6}


def test_from_zero_the_count_comes_back_because_zero_switches_an_autoscaler_off():
    plan = planned(scaled(autoscaler(SWITCHED_OFF, bounds=(2, 5)), present=0, ratio=1.0))
    assert (plan.operations[0].verb, plan.operations[0].to_replicas) == (Verb.SCALE, 1)


def test_one_that_goes_to_zero_by_itself_comes_back_by_itself():
    down = autoscaler(SWITCHED_OFF, bounds=(0, 5))
    assert refused(scaled(down, present=0, ratio=1.0)) is Reason.AUTOSCALER_HAS_ROOM


# --- KEDA


def test_where_keda_made_the_autoscaler_its_scaled_object_is_changed():
    found = scaled(autoscaler(keda=True), keda=(scaled_object(minReplicaCount=1, maxReplicaCount=3),))
    plan = planned(found)
    assert [(each.object.kind, replaced(each)) for each in (*plan.operations, *plan.inverse)] == [
        ("ScaledObject", {"/spec/maxReplicaCount": 6}),
        ("ScaledObject", {"/spec/maxReplicaCount": 3}),
    ]
    assert plan.summary.startswith("ScaledObject/front maxReplicaCount 3 -> 6: ")


async def test_a_bound_that_is_not_written_out_is_written_and_taken_away_again():
    """KEDA takes 0 and 100 where a ScaledObject does not say."""
    written = scaled_object()
    kube = FakeKube(written)
    found = scaled(autoscaler(BLIND, bounds=(1, 100), keda=True), keda=(written,))
    plan = planned(found)
    assert "minReplicaCount 1 -> 6" in plan.summary
    await Actor(kube).apply(plan.operations, TOKEN)
    assert kube.objects[KEDA]["spec"]["minReplicaCount"] == 6
    await Actor(kube).apply(plan.inverse, TOKEN + REVERT)
    assert kube.objects[KEDA]["spec"] == written["spec"]


@pytest.mark.parametrize(
    "annotation",
    [
        {"autoscaling.keda.sh/paused-replicas": "0"},
        {"autoscaling.keda.sh/paused": "true"},
        {"autoscaling.keda.sh/paused-scale-out": "true"},
    ],
)
@pytest.mark.parametrize("made", [True, False])
def test_a_paused_scaled_object_is_left_alone_also_when_its_autoscaler_is_gone(annotation, made: bool):
    autoscalers = (autoscaler(keda=True),) if made else ()
    found = scaled(*autoscalers, keda=(scaled_object(annotations=annotation),))
    assert refused(found) is Reason.AUTOSCALER_PAUSED
    assert next(iter(annotation)) in str(found)


def test_a_pause_that_says_false_is_none():
    running = scaled_object(annotations={"autoscaling.keda.sh/paused": "false"}, maxReplicaCount=3)
    assert planned(scaled(autoscaler(keda=True), keda=(running,)))


@pytest.mark.parametrize(
    ("autoscalers", "fields", "expected"),
    [
        ((), {}, Reason.AUTOSCALED),
        ((autoscaler(WITHIN, keda=True),), {}, Reason.AUTOSCALER_HAS_ROOM),
        ((autoscaler(SWITCHED_OFF, keda=True),), {"present": 0, "ratio": 1.0}, Reason.AUTOSCALER_HAS_ROOM),
    ],
)
def test_keda_is_waited_for_and_trusted(autoscalers, fields, expected: Reason):
    found = scaled(*autoscalers, keda=(scaled_object(minReplicaCount=0, maxReplicaCount=3),), **fields)
    assert refused(found) is expected


def test_a_scaled_object_that_is_gone_is_decided_anew():
    assert refused(scaled(autoscaler(keda=True))) is Reason.WORLD_CHANGED


# --- carried out


async def test_sent_twice_is_sent_once_and_undone_it_is_what_it_was():
    kube = FakeKube(autoscaler())
    plan = planned(scaled(autoscaler()))
    for _ in range(2):
        await Actor(kube).apply(plan.operations, TOKEN)
    assert kube.objects[HPA]["spec"]["maxReplicas"] == 6
    assert kube.objects[HPA]["metadata"]["annotations"] == {ATTEMPT: TOKEN}
    assert kube.calls["patch", HPA[0]] == 1
    for _ in range(2):
        await Actor(kube).apply(plan.inverse, TOKEN + REVERT)
    assert kube.objects[HPA]["spec"]["maxReplicas"] == 3


@pytest.mark.parametrize("before", [True, False])
async def test_a_bound_that_a_person_sets_meanwhile_is_theirs(before: bool):
    kube = FakeKube(autoscaler())
    plan = planned(scaled(autoscaler()))
    if not before:
        await Actor(kube).apply(plan.operations, TOKEN)
    kube.objects[HPA]["spec"]["maxReplicas"] = 20
    operations, token = (plan.operations, TOKEN) if before else (plan.inverse, TOKEN + REVERT)
    with pytest.raises(Conflict if before else Superseded):
        await Actor(kube).apply(operations, token)
    assert kube.objects[HPA]["spec"]["maxReplicas"] == 20


async def test_an_autoscaler_of_the_same_name_but_another_uid_is_never_touched():
    namesake = autoscaler()
    namesake["metadata"]["uid"] = "another"
    kube = FakeKube(namesake)
    with pytest.raises(Conflict, match="replaced"):
        await Actor(kube).apply(planned(scaled(autoscaler())).operations, TOKEN)
    assert kube.changes == []
