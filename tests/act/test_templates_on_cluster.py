"""What a new template does on a real API server: applied twice it counts once, undone it is what it was."""

from typing import Any

import pytest

from planaria_contract import Resize, Restart, Rollback
from planaria_operator.act.patches import ATTEMPT, REVERT
from planaria_operator.act.sending import Superseded
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.kube.errors import Conflict
from planaria_operator.kube.interface import JsonBody
from tests.act.live import Live, eventually, is_ready, template_with

pytestmark = pytest.mark.cluster
TOKEN = "app-12345678/1"
KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def template(body: JsonBody) -> Any:
    return body["spec"]["template"]


def generation(body: JsonBody) -> int:
    return int(body["metadata"]["generation"])


async def broken_rollout(live: Live, kind: str) -> tuple[JsonBody, JsonBody]:
    """A good first revision that ran, then one that crashes."""
    await live.create(kind)
    good = await live.settled(kind)
    await live.change(kind, template_with("exit 3"))
    await eventually(live.pods, lambda pods: any(not is_ready(pod) for pod in pods))
    return good, await live.get(kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_rollback_sent_twice_moves_the_generation_once_and_heals(live: Live, kind: str):
    good, bad = await broken_rollout(live, kind)
    plan = await live.plan(kind, Rollback(), affected=lambda pod: not is_ready(pod))
    assert isinstance(plan, Plan)
    assert "app: command" in plan.summary

    await live.actor.dry_run(plan.operations)
    assert generation(await live.get(kind)) == generation(bad)

    await live.actor.apply(plan.operations, TOKEN)
    notes = await live.actor.apply(plan.operations, TOKEN)

    after = await live.get(kind)
    assert template(after) == template(good)
    assert generation(after) == generation(bad) + 1
    assert "already" in notes[0]
    await live.settled(kind)


async def test_the_inverse_of_a_rollback_puts_the_newer_template_back_once(live: Live):
    _, bad = await broken_rollout(live, "Deployment")
    plan = await live.plan("Deployment", Rollback())
    assert isinstance(plan, Plan)
    await live.actor.apply(plan.operations, TOKEN)

    await live.actor.apply(plan.inverse, TOKEN + REVERT)
    await live.actor.apply(plan.inverse, TOKEN + REVERT)

    after = await live.get("Deployment")
    assert template(after) == template(bad)
    assert generation(after) == generation(bad) + 2
    assert after["metadata"]["annotations"][ATTEMPT] == TOKEN + REVERT


async def test_an_inverse_whose_action_never_arrived_changes_nothing(live: Live):
    _, bad = await broken_rollout(live, "Deployment")
    plan = await live.plan("Deployment", Rollback())
    assert isinstance(plan, Plan)

    notes = await live.actor.apply(plan.inverse, TOKEN + REVERT)

    assert generation(await live.get("Deployment")) == generation(bad)
    assert "no change of this attempt" in notes[0]


async def test_a_template_that_a_person_changed_meanwhile_is_left_to_them(live: Live):
    await broken_rollout(live, "Deployment")
    plan = await live.plan("Deployment", Rollback())
    assert isinstance(plan, Plan)
    await live.change("Deployment", template_with("sleep 1000"))

    with pytest.raises(Conflict, match="somebody changed it since"):
        await live.actor.apply(plan.operations, TOKEN)


async def test_what_a_person_changed_after_the_action_is_not_undone(live: Live):
    await broken_rollout(live, "Deployment")
    plan = await live.plan("Deployment", Rollback())
    assert isinstance(plan, Plan)
    await live.actor.apply(plan.operations, TOKEN)
    theirs = await live.change("Deployment", template_with("sleep 1000"))

    with pytest.raises(Superseded):
        await live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert template(await live.get("Deployment")) == template(theirs)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_a_workload_restart_sent_twice_is_one_rollout(live: Live, kind: str):
    """A StatefulSet starts without any annotation, so the patch has to make the map that it writes into."""
    await live.create(kind)
    before = await live.settled(kind)
    (old,) = await live.running(1)
    plan = await live.plan(kind, Restart(scope="workload"))
    assert isinstance(plan, Plan)

    await live.actor.dry_run(plan.operations)
    await live.actor.apply(plan.operations, TOKEN)
    await live.actor.apply(plan.operations, TOKEN)

    after = await live.get(kind)
    assert generation(after) == generation(before) + 1
    assert after["metadata"]["annotations"][ATTEMPT] == TOKEN
    await live.settled(kind)
    new = await live.running(1)
    assert new[0]["metadata"]["uid"] != old["metadata"]["uid"]


async def test_a_resize_changes_the_running_container_first_and_then_the_template(live: Live):
    limited = {"limits": {"memory": "512Mi"}, "requests": {"memory": "32Mi"}}
    await live.create("Deployment", resources=limited)
    before = await live.settled("Deployment")
    (pod,) = await live.running(1)
    plan = await live.plan("Deployment", Resize(resource="memory", ratio=2.0))
    assert isinstance(plan, Plan)
    assert "memory 512Mi -> 1Gi" in plan.summary
    await live.actor.dry_run(plan.operations)

    in_place = tuple(each for each in plan.operations if each.verb is Verb.RESIZE)
    await live.actor.apply(in_place, TOKEN)
    resized = await eventually(
        lambda: live.get("Pod", pod["metadata"]["name"]), lambda body: actual_limit(body) == "1Gi"
    )
    assert container_status(resized)["containerID"] == container_status(pod)["containerID"]
    assert container_status(resized)["restartCount"] == 0

    await live.actor.apply(plan.operations, TOKEN)
    await live.actor.apply(plan.operations, TOKEN)
    after = await live.settled("Deployment")
    assert generation(after) == generation(before) + 1
    resources = template(after)["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"memory": "1Gi"}, "requests": {"memory": "32Mi"}}

    await live.actor.apply(plan.inverse, TOKEN + REVERT)
    assert template(await live.get("Deployment")) == template(before)


async def test_a_guaranteed_pod_stays_guaranteed_through_a_resize(live: Live):
    fixed = {"memory": "64Mi", "cpu": "50m"}
    await live.create("Deployment", resources={"limits": fixed, "requests": fixed})
    (pod,) = await live.running(1)
    assert pod["status"]["qosClass"] == "Guaranteed"
    plan = await live.plan("Deployment", Resize(resource="both", ratio=2.0))
    assert isinstance(plan, Plan)

    notes = await live.actor.apply(plan.operations, TOKEN)

    assert notes[0] == f"resized Pod/{pod['metadata']['name']} in place"
    await live.settled("Deployment")
    (new,) = await live.running(1)
    assert new["status"]["qosClass"] == "Guaranteed"
    assert new["spec"]["containers"][0]["resources"]["requests"] == {"memory": "128Mi", "cpu": "100m"}


def container_status(pod: JsonBody) -> JsonBody:
    found: JsonBody = pod["status"]["containerStatuses"][0]
    return found


def actual_limit(pod: JsonBody) -> str | None:
    """What the kubelet reports of the running container, which is not what the spec asks for."""
    limits = (container_status(pod).get("resources") or {}).get("limits") or {}
    limit: str | None = limits.get("memory")
    return limit
