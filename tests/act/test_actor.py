"""Sent twice is sent once, whatever was lost in between. FakeKube counts what would have changed."""

import copy
import re
from typing import Any

import pytest

from planaria_contract import Migrate, Resize, Restart, Rollback, Scale
from planaria_contract.actions import Parameters
from planaria_operator.act import migrate, resize, restart, rollback, scale
from planaria_operator.act.actor import Actor
from planaria_operator.act.builder import Refusal
from planaria_operator.act.patches import ATTEMPT, REVERT, still_fits, value_at
from planaria_operator.act.sending import Superseded, TooLarge
from planaria_operator.api.plan import Plan
from planaria_operator.kube.errors import (
    Conflict,
    Forbidden,
    Invalid,
    KubeError,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.workload import REVISION
from tests.act.bodies import TOKEN, pod, replica_set, setting, template, workload
from tests.builders import NAMESPACE

LIMITED = {"limits": {"memory": "256Mi"}, "requests": {"memory": "128Mi"}}
GOOD, BAD = template("app:1", resources=LIMITED), template("app:2", resources=LIMITED)
FRONT = ("Deployment", NAMESPACE, "front")
NODE = {"kind": "Node", "metadata": {"name": "node-1", "uid": "uid-node-node-1"}, "spec": {}}


def world() -> FakeKube:
    return FakeKube(workload(made_of=BAD), pod(resources=LIMITED), NODE)


def planned(kube: FakeKube, parameters: Parameters) -> Plan:
    builders = {
        "rollback": rollback.build,
        "restart": restart.build,
        "scale": scale.build,
        "resize": resize.build,
        "migrate": migrate.build,
    }
    made = setting(
        parameters,
        target=copy.deepcopy(kube.objects[FRONT]),
        pods=(pod(resources=LIMITED),),
        revisions=(replica_set(2, BAD), replica_set(1, GOOD)),
    )
    plan = builders[made.decision.category.value](made)
    assert not isinstance(plan, Refusal)
    return plan


def current(kube: FakeKube) -> JsonBody:
    return kube.objects[FRONT]


ALL: list[Parameters] = [
    Rollback(),
    Restart(scope="pod"),
    Scale(ratio=2.0),
    Resize(resource="memory", ratio=2.0),
    Migrate(source="node-1"),
]
IDS = [each.category.value for each in ALL]


@pytest.mark.parametrize("parameters", ALL, ids=IDS)
async def test_applying_twice_leaves_what_applying_once_left(parameters):
    kube = world()
    plan = planned(kube, parameters)
    await Actor(kube).apply(plan.operations, TOKEN)
    once = {key: strip(body) for key, body in kube.objects.items()}
    await Actor(kube).apply(plan.operations, TOKEN)
    assert {key: strip(body) for key, body in kube.objects.items()} == once


@pytest.mark.parametrize("parameters", ALL, ids=IDS)
async def test_a_dry_run_changes_nothing(parameters):
    kube = world()
    plan = planned(kube, parameters)
    before = copy.deepcopy(kube.objects)
    await Actor(kube).dry_run(plan.operations)
    assert kube.objects == before
    assert kube.changes == []


@pytest.mark.parametrize("parameters", ALL, ids=IDS)
async def test_after_a_crash_at_any_call_the_next_process_finishes_the_same_thing(parameters):
    """The operator dies after the n-th call, for every n: the server has done the call, the answer was never read."""
    reference = world()
    plan = planned(reference, parameters)
    await Actor(reference).apply(plan.operations, TOKEN)
    want = {key: strip(body) for key, body in reference.objects.items()}
    for survived in range(1, len(reference.made) + 1):
        kube = DiesAfter(survived)
        with pytest.raises(Unavailable):
            await Actor(kube).apply(plan.operations, TOKEN)
        kube.left = 10_000
        await Actor(kube).apply(plan.operations, TOKEN)
        assert {key: strip(body) for key, body in kube.objects.items()} == want


class DiesAfter(FakeKube):
    """Carries out so many calls and loses the answer of the last one."""

    def __init__(self, calls: int) -> None:
        super().__init__(workload(made_of=BAD), pod(resources=LIMITED), NODE)
        self.left = calls

    def spend(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise Unavailable("no answer in time")

    async def get(self, *args, **kwargs):
        found = await super().get(*args, **kwargs)
        self.spend()
        return found

    async def patch(self, *args, **kwargs):
        found = await super().patch(*args, **kwargs)
        self.spend()
        return found

    async def evict(self, *args, **kwargs):
        await super().evict(*args, **kwargs)
        self.spend()


def strip(body: JsonBody) -> JsonBody:
    bare = copy.deepcopy(body)
    bare["metadata"].pop("resourceVersion", None)
    return bare


@pytest.mark.parametrize("parameters", [Rollback(), Scale(ratio=2.0)], ids=["rollback", "scale"])
async def test_the_inverse_restores_what_was_there_and_may_be_sent_twice(parameters):
    kube = world()
    before = copy.deepcopy(current(kube)["spec"])
    plan = planned(kube, parameters)
    await Actor(kube).apply(plan.operations, TOKEN)
    assert current(kube)["spec"] != before
    for _ in range(2):
        await Actor(kube).apply(plan.inverse, TOKEN + REVERT)
        assert current(kube)["spec"] == before


async def test_an_attempt_that_was_undone_by_a_person_is_not_applied_again():
    """The change arrived, then a person took it back before we had read the answer. Once is once."""
    kube = world()
    plan = planned(kube, Rollback())
    await Actor(kube).apply(plan.operations, TOKEN)
    theirs = copy.deepcopy(current(kube))
    theirs["spec"]["template"] = copy.deepcopy(BAD)
    kube.put(theirs)
    await Actor(kube).apply(plan.operations, TOKEN)
    assert current(kube)["spec"]["template"] == BAD


@pytest.mark.parametrize("parameters", [Rollback(), Scale(ratio=2.0)], ids=["rollback", "scale"])
async def test_an_object_of_the_same_name_but_another_uid_is_never_touched(parameters):
    kube = world()
    plan = planned(kube, parameters)
    namesake = copy.deepcopy(current(kube))
    namesake["metadata"]["uid"] = "another"
    kube.put(namesake)
    with pytest.raises(Conflict, match="replaced"):
        await Actor(kube).apply(plan.operations, TOKEN)
    assert kube.changes == []


async def test_a_change_by_somebody_else_is_a_conflict_before_and_superseded_after():
    kube = world()
    plan = planned(kube, Scale(ratio=2.0))
    theirs = copy.deepcopy(current(kube))
    theirs["spec"]["replicas"] = 4
    kube.put(theirs)
    with pytest.raises(Conflict, match="4 replicas, not 3"):
        await Actor(kube).apply(plan.operations, TOKEN)
    with pytest.raises(Superseded):
        await Actor(kube).apply(plan.inverse, TOKEN + REVERT)
    assert kube.changes == []


CALLED = {
    "Deployment": ("metadata", "annotations", REVISION),
    "StatefulSet": ("status", "updateRevision"),
    "DaemonSet": ("metadata", "annotations", "deprecated.daemonset.template.generation"),
}


@pytest.mark.parametrize("kind", CALLED)
async def test_a_release_since_it_was_planned_is_not_rolled_once_more_by_a_restart(kind: str):
    target = workload(kind, made_of=BAD)
    *place, last = CALLED[kind]
    holder = target
    for part in place:
        holder = holder.setdefault(part, {})
    holder[last] = "1"
    plan = restart.build(setting(Restart(scope="workload"), kind=kind, target=copy.deepcopy(target)))
    assert isinstance(plan, Plan)
    holder[last] = "2"
    released = FakeKube(target)
    with pytest.raises(Conflict, match="somebody changed it since"):
        await Actor(released).apply(plan.operations[:1], TOKEN)
    assert released.objects[kind, NAMESPACE, "front"]["spec"] == target["spec"]
    holder[last] = "1"
    await Actor(FakeKube(target)).apply(plan.operations[:1], TOKEN)


@pytest.mark.parametrize("parameters", [Rollback(), Scale(ratio=2.0)], ids=["rollback", "scale"])
async def test_what_somebody_else_has_put_back_is_undone_already(parameters: Parameters):
    kube = world()
    before = copy.deepcopy(current(kube)["spec"])
    plan = planned(kube, parameters)
    await Actor(kube).apply(plan.operations, TOKEN)
    kube.put({**current(kube), "spec": before})
    sent = len(kube.changes)
    (said,) = await Actor(kube).apply(plan.inverse, TOKEN + REVERT)
    assert said in {"Deployment/front is as it was before", "Deployment/front had 3 replicas already"}
    assert len(kube.changes) == sent


@pytest.mark.parametrize("gone", [True, False], ids=["deleted", "made anew"])
@pytest.mark.parametrize("parameters", [Rollback(), Scale(ratio=2.0)], ids=["rollback", "scale"])
async def test_of_an_object_that_is_gone_there_is_nothing_to_undo(parameters: Parameters, gone: bool):
    kube = world()
    plan = planned(kube, parameters)
    await Actor(kube).apply(plan.operations, TOKEN)
    namesake = {**current(kube), "metadata": {**current(kube)["metadata"], "uid": "another"}}
    del kube.objects[FRONT]
    if not gone:
        kube.put(namesake)
    sent = len(kube.changes)
    assert await Actor(kube).apply(plan.inverse, TOKEN + REVERT) == ["Deployment/front is gone"]
    assert len(kube.changes) == sent


async def test_a_revision_that_an_older_server_kept_is_undone_where_a_newer_one_leaves_out_what_is_null():
    """Up to Kubernetes 1.33 a template is written with `creationTimestamp: null`; a JSON Patch tests by the letter."""
    kube = world()
    older = replica_set(1, GOOD)
    older["spec"]["template"]["metadata"]["creationTimestamp"] = None
    made = setting(Rollback(), target=current(kube), revisions=(replica_set(2, BAD), older))
    plan = rollback.build(made)
    assert isinstance(plan, Plan)
    await Actor(kube).apply(plan.operations, TOKEN)
    kube.put({**current(kube), "spec": {**current(kube)["spec"], "template": copy.deepcopy(GOOD)}})
    await Actor(kube).apply(plan.inverse, TOKEN + REVERT)
    assert current(kube)["spec"]["template"] == BAD


async def test_a_write_that_loses_a_race_is_made_on_the_newest_version():
    kube = world()
    kube.fail("patch", "Deployment", Conflict("the object has been modified"), times=2)
    await Actor(kube).apply(planned(kube, Scale(ratio=2.0)).operations, TOKEN)
    assert current(kube)["spec"]["replicas"] == 6
    assert kube.calls["get", "Deployment"] == 3


async def test_races_without_end_are_given_up():
    kube = world()
    kube.fail("patch", "Deployment", Conflict("the object has been modified"), times=50)
    with pytest.raises(Conflict, match="too often"):
        await Actor(kube).apply(planned(kube, Scale(ratio=2.0)).operations, TOKEN)


async def test_a_refused_value_is_reported_as_the_server_put_it():
    kube = world()
    plan = planned(kube, Rollback())
    kube.fail("patch", "Deployment", Invalid("admission webhook says no"))
    with pytest.raises(Invalid, match="admission webhook says no"):
        await Actor(kube).apply(plan.operations, TOKEN)


async def test_a_pod_that_is_gone_or_replaced_counts_as_evicted():
    kube = FakeKube(pod(uid="another"))
    plan = planned(world(), Restart(pods=("front-0",)))
    assert await Actor(kube).apply(plan.operations, TOKEN) == ["Pod/front-0 was gone already"]
    assert await Actor(FakeKube()).apply(plan.operations, TOKEN) == ["Pod/front-0 was gone already"]
    assert kube.objects


async def test_an_eviction_that_lost_another_race_is_still_owed():
    kube = world()
    kube.fail("evict", "Pod", Conflict("the object has been modified"))
    plan = planned(kube, Restart(pods=("front-0",)))
    with pytest.raises(Unavailable):
        await Actor(kube).apply(plan.operations, TOKEN)
    assert await Actor(kube).apply(plan.operations, TOKEN) == ["evicted Pod/front-0"]


async def test_a_budget_that_refuses_is_passed_on_with_its_waiting_time():
    kube = world()
    kube.fail("evict", "Pod", TooManyRequests("budget front", retry_after=11, budget=True))
    with pytest.raises(TooManyRequests) as caught:
        await Actor(kube).apply(planned(kube, Restart(pods=("front-0",))).operations, TOKEN)
    assert caught.value.retry_after == 11


@pytest.mark.parametrize(
    "error",
    [
        Invalid("node has no room"),
        Forbidden("pods/resize"),
        NotFound("gone"),
        Conflict("uid"),
        TooManyRequests("budget front", budget=True),
    ],
)
async def test_what_is_best_effort_is_noted_and_the_plan_goes_on(error: KubeError):
    kube = world()
    kube.fail("patch", "Pod", error)
    notes = await Actor(kube).apply(planned(kube, Resize(resource="memory", ratio=2.0)).operations, TOKEN)
    assert "was not granted" in notes[0]
    assert current(kube)["metadata"]["annotations"][ATTEMPT] == TOKEN


@pytest.mark.parametrize(
    "why",
    [
        "maximum memory usage per Container is 512Mi, but limit is 1Gi",
        "memory max limit to request ratio per Container is 2, but provided ratio is 4.000000",
        "exceeded quota: team, requested: limits.memory=256Mi, used: limits.memory=1Gi, limited: limits.memory=1Gi",
    ],
    ids=["limit range", "ratio", "quota"],
)
@pytest.mark.parametrize("dry", [True, False], ids=["tried", "done"])
async def test_where_no_pod_may_be_so_large_the_template_is_left_as_it_is(why: str, dry: bool):
    """The controller would delete the pod that runs, and may not make the one that is to take its place."""
    kube = world()
    plan = planned(kube, Resize(resource="memory", ratio=2.0))
    kube.fail(
        "patch", "Pod", Forbidden(f'not allowed to patch pods/resize: pods "front-0" is forbidden: {why}')
    )
    with pytest.raises(TooLarge, match=re.escape(why)):
        await (Actor(kube).dry_run(plan.operations) if dry else Actor(kube).apply(plan.operations, TOKEN))
    assert current(kube)["spec"]["template"] == BAD


@pytest.mark.parametrize("error", [Unavailable("no answer"), TooManyRequests("please try again later")])
async def test_a_server_that_is_away_or_throttles_stops_even_what_is_best_effort(error: KubeError):
    kube = world()
    kube.fail("patch", "Pod", error)
    with pytest.raises(type(error)):
        await Actor(kube).apply(planned(kube, Resize(resource="memory", ratio=2.0)).operations, TOKEN)


# --- how a patch is read


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/a/b~1c", 1),
        ("/list/1", "y"),
        ("/list/7", None),
        ("/a/none", None),
        ("/a/b~1c/deep", None),
        ("/til~0de", 2),
    ],
)
def test_a_pointer_finds_what_it_names_and_nothing_otherwise(path: str, value: object):
    assert value_at({"a": {"b/c": 1}, "list": ["x", "y"], "til~de": 2}, path) == value


@pytest.mark.parametrize(
    ("expected", "holds"),
    [({"a": 1}, True), ({"a": 1, "created": None}, True), ({"a": 2}, False), (None, False)],
)
def test_a_field_that_is_null_is_a_field_that_is_not_set(expected: object, holds: bool):
    patch: list[dict[str, Any]] = [
        {"op": "test", "path": "/spec", "value": expected},
        {"op": "replace", "path": "/spec", "value": {}},
    ]
    assert still_fits(patch, {"spec": {"a": 1}}) is holds


async def test_a_pod_that_somebody_made_larger_since_the_plan_is_made_no_smaller_by_it_nor_by_the_new_template():
    """As during a delay."""
    kube = world()
    plan = planned(kube, Resize(resource="memory", ratio=2.0))
    kube.put(pod(resources={"limits": {"memory": "2Gi"}, "requests": {"memory": "128Mi"}}))
    with pytest.raises(Conflict, match="larger"):
        await Actor(kube).apply(plan.operations, TOKEN)
    assert kube.changes == []
