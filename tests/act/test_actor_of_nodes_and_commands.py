"""A cordon and a command, sent twice, and by an operator that dies at any call. FakeKube counts what would have changed."""

import json
from typing import Any

import pytest

from planaria_operator.act.actor import Actor
from planaria_operator.act.running import RELOADED_BY, CommandFailed
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.kube.errors import Conflict, Forbidden, MayHaveRun, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import ExecResult, JsonBody
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON, WHEN_WELL, is_ours, opening
from tests.act.bodies import TOKEN, pod
from tests.builders import NAMESPACE

NODE = ObjectReference(kind="Node", name="node-1", uid="uid-node-node-1")
POD = ObjectReference(kind="Pod", namespace=NAMESPACE, name="front-0", uid="uid-pod-front-0")
MARKS = json.dumps({CORDONED_BY: TOKEN, UNCORDON: WHEN_WELL})
CORDON = Operation(verb=Verb.CORDON, object=NODE, body=MARKS)
RUN = Operation(
    verb=Verb.EXEC, object=POD, body=json.dumps({"container": "app", "command": ["reload", "it"]})
)


def node(**fields: Any) -> JsonBody:
    about = {"name": "node-1", "uid": "uid-node-node-1", **fields.pop("metadata", {})}
    return {"kind": "Node", "metadata": about, "spec": fields}


def commands(kube: FakeKube) -> list[Any]:
    return [call.body for call in kube.made if call.verb == "exec"]


class Dies(FakeKube):
    """Carries out so many calls and loses the answer of the last one, or dies before it is sent."""

    def __init__(self, left: int, *bodies: JsonBody, before: bool) -> None:
        super().__init__(*bodies)
        self.left, self._before = left, before

    def _note(self, call: Any) -> None:
        self.left -= 1
        if self._before and self.left < 0:
            raise Unavailable("killed")
        super()._note(call)

    async def exec(self, *args: Any, **options: Any) -> ExecResult:
        found = await super().exec(*args, **options)
        if not self._before and self.left <= 0:
            raise Unavailable("the answer was lost")
        return found

    async def patch(self, *args: Any, **options: Any) -> JsonBody:
        found = await super().patch(*args, **options)
        if not self._before and self.left <= 0:
            raise Unavailable("the answer was lost")
        return found


@pytest.mark.parametrize("before", [True, False], ids=["before-the-call", "after-it"])
@pytest.mark.parametrize("survived", [0, 1, 2, 3, 4])
async def test_wherever_the_operator_dies_the_command_is_begun_at_most_once(survived: int, before: bool):
    kube = Dies(survived, pod(), before=before)
    died = False
    try:
        await Actor(kube).apply((RUN,), TOKEN)
    except Unavailable:
        died = True
    begun = len(commands(kube))
    marked = RELOADED_BY in kube.objects["Pod", NAMESPACE, "front-0"]["metadata"].get("annotations", {})
    kube.left = 100
    (said,) = await Actor(kube).apply((RUN,), TOKEN)
    assert len(commands(kube)) == (begun if marked else 1)
    assert len(commands(kube)) <= 1
    assert died == (survived < (3 if before else 4)), "a read, a mark, a command"
    assert ("may have run" in said) == marked


async def test_a_command_runs_once_for_an_attempt_and_again_for_the_next():
    kube = FakeKube(pod())
    await Actor(kube).apply((RUN,), TOKEN)
    await Actor(kube).apply((RUN,), TOKEN)
    assert commands(kube) == [{"container": "app", "command": ("reload", "it")}]
    await Actor(kube).apply((RUN,), "front-12345678/2")
    assert len(commands(kube)) == 2


async def test_a_command_is_never_begun_before_its_mark_is_written():
    kube = FakeKube(pod())
    kube.fail("patch", "Pod", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await Actor(kube).apply((RUN,), TOKEN)
    assert commands(kube) == []


async def test_another_exit_code_than_0_is_a_failure_with_what_was_printed():
    kube = FakeKube(pod())
    kube.endings[NAMESPACE, "front-0", "app"] = ExecResult(7, "line 1\n\x1b[31mline 2\n")
    with pytest.raises(
        CommandFailed, match=r"failed in Pod/front-0: exit code 7, it printed: line 1\n \[31mline 2"
    ):
        await Actor(kube).apply((RUN,), TOKEN)


async def test_a_command_of_which_no_end_is_known_is_not_tried_again():
    kube = FakeKube(pod())
    kube.fail("exec", "Pod", MayHaveRun("no end within 30 s"))
    with pytest.raises(MayHaveRun):
        await Actor(kube).apply((RUN,), TOKEN)
    (said,) = await Actor(kube).apply((RUN,), TOKEN)
    assert "is not run again" in said
    assert len(commands(kube)) == 1


@pytest.mark.parametrize("verb", ["get", "create"])
async def test_a_dry_run_asks_for_the_right_and_runs_nothing(verb: str):
    kube = FakeKube(pod())
    await Actor(kube).dry_run((RUN,))
    assert kube.changes == []
    kube.denied.add((verb, "pods/exec"))
    with pytest.raises(Forbidden, match=f"not allowed to {verb} pods/exec in namespace {NAMESPACE}"):
        await Actor(kube).dry_run((RUN,))
    assert commands(kube) == []


async def test_a_pod_that_was_replaced_is_not_spoken_to():
    kube = FakeKube(pod(uid="uid-of-a-namesake"))
    assert await Actor(kube).apply((RUN,), TOKEN) == ["Pod/front-0 was gone already"]
    assert commands(kube) == []


# --- whose cordon


OURS = [{"manager": "planaria", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}]
THEIRS = [{"manager": "kubectl-cordon", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}]
MARKED = {CORDONED_BY: TOKEN, UNCORDON: WHEN_WELL}


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        (node(unschedulable=True, metadata={"annotations": MARKED, "managedFields": OURS}), True),
        (node(unschedulable=True, metadata={"annotations": MARKED, "managedFields": THEIRS}), False),
        (node(unschedulable=True, metadata={"annotations": MARKED, "managedFields": OURS + THEIRS}), False),
        (node(unschedulable=True, metadata={"annotations": MARKED}), False),
        (node(unschedulable=True, metadata={"managedFields": OURS}), False),
        (node(metadata={"annotations": MARKED, "managedFields": OURS}), False),
    ],
    ids=["ours", "closed-anew", "shared", "nobody-says", "unmarked", "open"],
)
def test_a_cordon_is_ours_only_where_mark_and_server_say_so(body: JsonBody, ours: bool):
    assert is_ours(body) is ours
    assert (opening(body, TOKEN) is not None) is ours
    assert opening(body, "other-1/1") is None


async def test_a_cordon_keeps_what_else_stands_in_the_annotations():
    kube = FakeKube(node(metadata={"annotations": {"team": "shop"}}))
    await Actor(kube).apply((CORDON,), TOKEN)
    found = kube.objects["Node", "", "node-1"]
    assert found["metadata"]["annotations"] == {"team": "shop", **MARKED}
    assert found["spec"]["unschedulable"] is True
    await Actor(kube).apply((CORDON,), TOKEN)
    assert len(kube.changes) == 1


async def test_a_cordon_of_another_attempt_is_not_taken_over():
    kube = FakeKube(
        node(unschedulable=True, metadata={"annotations": {CORDONED_BY: "other-1/1"}, "managedFields": OURS})
    )
    with pytest.raises(Conflict, match="cordoned already, by other-1/1"):
        await Actor(kube).apply((CORDON,), TOKEN)
    assert kube.changes == []
