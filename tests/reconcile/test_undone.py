"""What is said to be undone was undone, and what stays larger in the pods is named."""

import json
from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Resize
from planaria_operator.act import resize
from planaria_operator.act.actor import Actor
from planaria_operator.act.naming import attempt_name
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.remediation import Remediation
from planaria_operator.kube.errors import Conflict, Temporary, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.pod import parse_pod
from tests import builders
from tests.act import bodies
from tests.reconcile.harness import RESTART, WELL, World, condition, plan, said, world

MIB = 2**20
TWICE = Resize(resource="memory", ratio=2)
KEPT = "; pods that keep the larger limits until they are replaced: "
NOTHING = "Deployment/front carries no change of this attempt to undo"


def in_place(name: str) -> Operation:
    """What the planner makes of a pod whose memory is doubled: all of its limits are in it."""
    limits = {"cpu": "500m", "memory": "512Mi"}
    body = {"spec": {"containers": [{"name": "app", "resources": {"limits": limits}}]}}
    pod = ObjectReference(kind="Pod", namespace="shop", name=name, uid=f"uid-pod-{name}")
    return Operation(verb=Verb.RESIZE, object=pod, body=json.dumps(body), best_effort=True)


def resized(*pods: str) -> Plan:
    made = plan("resize")
    return made.model_copy(update={"operations": (*map(in_place, pods), *made.operations)})


def pod(name: str, mib: int, **fields: Any) -> Any:
    containers = [builders.container(memory_limit=mib * MIB)]
    return builders.pod(name, containers=containers, **fields)


async def undone(here: World, *notes: str) -> Remediation:
    """As far as the step that undoes it, of which the actor says `notes`."""
    await here.until("Reverting")

    async def apply(*_: Any) -> list[str]:
        return list(notes)

    here.script.apply = apply  # type: ignore[method-assign, assignment]
    return await here.step()


def reverted(record: Remediation) -> str:
    return condition(record, "Reverted").message


async def test_a_template_that_somebody_else_has_changed_first_is_not_said_to_be_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pod was made larger by then, and nobody makes it smaller again."""
    here = world(monkeypatch, TWICE)
    small = {"limits": {"memory": "256Mi"}, "requests": {"memory": "256Mi"}}
    deployment = bodies.workload(made_of=bodies.template(resources=small))
    kube = FakeKube(deployment, bodies.pod(resources=small))
    setting = bodies.setting(
        TWICE,
        target=deployment,
        pods=(bodies.pod(resources=small),),
        remediation=attempt_name(await here.open(), 1),
    )
    here.script.plans = [bodies.planned(resize.build(setting))]
    here.parts = replace(here.parts, actor=Actor(kube))
    await here.until("Acting", seconds=0)
    theirs = bodies.template(resources={"limits": {"memory": "700Mi"}})
    kube.put(bodies.workload(made_of=theirs))
    superseded = await here.until("Reverting", seconds=0)
    here.store.put(parse_pod(kube.objects["Pod", "shop", "front-0"]))
    after = await here.step()
    assert superseded.status.attempts[0].outcome is AttemptOutcome.SUPERSEDED
    assert reverted(after) == f"{NOTHING}{KEPT}front-0"
    assert after.status.attempts[0].reverted_at is None


@pytest.mark.parametrize("found", ["Deployment/front is gone", "Deployment/front is as it was before"])
async def test_what_an_undo_found_nothing_of_stands_in_the_record_and_the_rest_as_undone(
    monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    nothing = await undone(world(monkeypatch, TWICE, plans=[plan()]), found)
    assert (reverted(nothing), nothing.status.attempts[0].reverted_at) == (found, None)
    here = world(monkeypatch, TWICE, plans=[plan()])
    some = await undone(here, "patched HorizontalPodAutoscaler/front", found)
    assert reverted(some) == f"undone: restart Deployment/front; {found}"
    assert some.status.attempts[0].reverted_at is not None


async def test_what_is_taken_off_beside_it_does_not_make_it_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = plan()
    here = world(monkeypatch, TWICE, plans=[made.model_copy(update={"cleanup": made.inverse})])
    after = await undone(here, "Node/node-1 is no longer avoided", NOTHING)
    assert reverted(after) == NOTHING


async def test_pods_that_were_made_larger_and_are_still_there_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The larger ones found no room, so that the template was put back with the old pods under it."""
    names = ("grown", "not-granted", "made-anew", "going", "gone")
    here = world(monkeypatch, TWICE, plans=[resized(*names)])
    here.store.put(pod("grown", 512))
    here.store.put(pod("not-granted", 256))
    here.store.put(replace(pod("made-anew", 512), meta=builders.meta("Pod", "made-anew", uid="another")))
    here.store.put(pod("going", 512, deleting=True))
    after = await undone(here, "patched Deployment/front")
    assert reverted(after) == f"undone: restart Deployment/front{KEPT}grown"


async def test_the_undoing_of_one_attempt_is_not_said_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a condition would take what is under way, or has helped, for undone."""
    here = world(monkeypatch, RESTART, TWICE)
    await here.until("Reverting")
    after = await here.until("Detected")
    assert said(after, "Reverted") == ("True", "ActionReverted")
    acting = await here.until("Acting")
    assert said(acting, "Reverted") == ("False", "NotReverted")
    assert reverted(acting) == "attempt 2 is not undone"
    here.health = WELL
    done = await here.until("Finished")
    assert (said(done, "Succeeded"), said(done, "Reverted")) == (
        ("True", "Recovered"),
        ("False", "NotReverted"),
    )
    first, second = done.status.attempts
    assert (first.reverted_at is None, second.reverted_at) == (False, None)
    assert "ActionReverted" in [each.reason for each in done.status.timeline]


async def test_an_attempt_that_does_not_help_either_is_said_to_be_undone_in_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, TWICE)
    for _ in range(2):
        await here.until("Reverting")
        after = await here.step()
        assert said(after, "Reverted") == ("True", "ActionReverted")
    assert reverted(after).startswith("undone: resize")


async def test_what_was_sent_of_one_attempt_is_not_said_of_the_next_that_is_only_queued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, TWICE.model_copy(update={"delay_seconds": 60}))
    assert said(await here.until("Verifying"), "Executed") == ("True", "ActionApplied")
    acting = await here.until("Acting")
    assert said(acting, "Executed") == ("Unknown", "ActionDecided")
    assert condition(acting, "Executed").message == "nothing of attempt 2 is sent yet"
    assert said(await here.until("Verifying"), "Executed") == ("True", "ActionApplied")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Unavailable("the webhook does not answer"), "ApiUnavailable"),
        (Conflict("Deployment/front changes too often to be written"), "WorldChanged"),
    ],
)
async def test_why_it_is_not_undone_yet_stands_in_the_condition(
    monkeypatch: pytest.MonkeyPatch, error: Temporary, reason: str
) -> None:
    here = world(monkeypatch, RESTART)
    await here.until("Reverting")
    here.script.apply_errors = [error]
    waiting = await here.step()
    assert (waiting.status.stage, said(waiting, "Reverted")) == ("Reverting", ("False", reason))
    assert reverted(waiting) == f"not undone yet: {error}"
    assert said(await here.step(2), "Reverted") == ("True", "ActionReverted")
