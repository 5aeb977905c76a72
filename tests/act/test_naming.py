"""The name of an attempt on what it changes: another one for each record, and understood where an older version wrote it."""

import copy
import json

import pytest

from planaria_contract import Resize, Rollback
from planaria_operator.act import resize, rollback
from planaria_operator.act.actor import Actor
from planaria_operator.act.naming import attempt_name
from planaria_operator.act.patches import ATTEMPT, REVERT
from planaria_operator.act.running import RELOADED_BY
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import JsonBody
from tests.act.bodies import TOKEN, planned, pod, replica_set, setting, template, workload
from tests.builders import NAMESPACE, ago, deployment, store
from tests.guard.proposals import attempt, remediation

OLDER, FIRST, ANEW = TOKEN, f"{TOKEN}@aaaaaaaa", f"{TOKEN}@bbbbbbbb"
"""One attempt as versions without the uid named it, as it is named now, and that of a record opened anew."""

BAD, GOOD = template("app:2"), template("app:1")
POD = ("Pod", NAMESPACE, "front-0")
RUN = Operation(
    verb=Verb.EXEC,
    object=ObjectReference(kind="Pod", namespace=NAMESPACE, name="front-0", uid="uid-pod-front-0"),
    body=json.dumps({"container": "app", "command": ["reload", "it"]}),
)


def rolled_back(kube: FakeKube, name: str) -> Plan:
    target = copy.deepcopy(front(kube))
    revisions = (replica_set(2, BAD), replica_set(1, GOOD))
    return planned(rollback.build(setting(Rollback(), target=target, revisions=revisions, remediation=name)))


def front(kube: FakeKube) -> JsonBody:
    return kube.objects["Deployment", NAMESPACE, "front"]


def template_of(kube: FakeKube) -> JsonBody:
    found: JsonBody = front(kube)["spec"]["template"]
    return found


def commands(kube: FakeKube) -> int:
    return kube.calls["exec", "Pod"]


def test_a_record_that_was_opened_anew_names_its_attempts_otherwise():
    one = remediation().model_copy(update={"uid": "1a2b3c4d-0000-4000-8000-000000000000"})
    anew = one.model_copy(update={"uid": "5e6f7a8b-0000-4000-8000-000000000000"})
    assert attempt_name(one, 2) == "front-1/2@1a2b3c4d"
    assert len({attempt_name(each, number) for each in (one, anew) for number in (1, 2)}) == 4


async def test_a_command_of_a_record_that_was_opened_anew_is_run():
    kube = FakeKube(pod())
    await Actor(kube).apply((RUN,), FIRST)
    await Actor(kube).apply((RUN,), FIRST)
    assert commands(kube) == 1
    (said,) = await Actor(kube).apply((RUN,), ANEW)
    assert (commands(kube), said.startswith("ran the declared command")) == (2, True)
    assert kube.objects[POD]["metadata"]["annotations"][RELOADED_BY] == ANEW


async def test_a_command_that_an_older_version_has_begun_is_not_begun_again():
    kube = FakeKube(pod())
    await Actor(kube).apply((RUN,), OLDER)
    (said,) = await Actor(kube).apply((RUN,), FIRST)
    assert (commands(kube), "is not run again" in said) == (1, True)
    await Actor(kube).apply((RUN,), FIRST.replace("/1@", "/2@"))
    assert commands(kube) == 2, "the next attempt is another"


async def test_a_patch_of_a_record_that_was_opened_anew_is_sent():
    kube = FakeKube(workload(made_of=BAD))
    await Actor(kube).apply(rolled_back(kube, FIRST).operations, FIRST)
    theirs = copy.deepcopy(front(kube))
    theirs["spec"]["template"] = copy.deepcopy(BAD)
    kube.put(theirs)
    await Actor(kube).apply(rolled_back(kube, ANEW).operations, ANEW)
    assert template_of(kube) == GOOD
    assert front(kube)["metadata"]["annotations"][ATTEMPT] == ANEW


async def test_a_patch_that_an_older_version_has_written_down_is_sent_once_and_undone():
    kube = FakeKube(workload(made_of=BAD))
    plan = rolled_back(kube, OLDER)
    for _ in range(2):
        (said,) = await Actor(kube).apply(plan.operations, FIRST)
    assert said == "Deployment/front was patched already"
    assert template_of(kube) == GOOD
    for _ in range(2):
        (said,) = await Actor(kube).apply(plan.inverse, FIRST + REVERT)
    assert said == "Deployment/front was patched already"
    assert template_of(kube) == BAD


@pytest.mark.parametrize("applied", [True, False])
def test_a_resize_finds_what_its_own_record_has_raised_before(applied: bool):
    """The bound is of what the container had when the incident opened."""
    limited = {"limits": {"memory": "512Mi"}}
    target = workload(made_of=template(resources={"limits": {"memory": "256Mi"}}))
    first = planned(resize.build(setting(Resize(resource="memory", ratio=2), target=target)))
    made = attempt(deployment("front"), ago(60) if applied else None)
    record = remediation(attempts=(made.model_copy(update={"plan": first}),))
    world = store()
    world.put_remediation(record)
    again = setting(
        Resize(resource="memory", ratio=2),
        target=workload(made_of=template(resources=limited)),
        world=world,
        remediation=attempt_name(record, 2),
    )
    assert ("768Mi" if applied else "1Gi") in planned(resize.build(again)).summary
