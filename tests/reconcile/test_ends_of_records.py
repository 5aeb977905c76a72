"""How a record ends, and that what it says then is true: of what was done, of what was undone, and of what stays behind."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Escalate, Resize
from planaria_operator.act.actor import Actor
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.kube.errors import Conflict, Forbidden, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.meta import OPT_OUT_LABEL
from planaria_operator.verify.health import Health
from tests import builders
from tests.reconcile.harness import (
    RESTART,
    TARGET,
    VERIFICATION,
    WELL,
    Script,
    World,
    change_spec,
    condition,
    plan,
    world,
)

GONE = Health(healthy=False, gone=True, message="Deployment/front does not exist any more")
RESIZE = Resize(resource="memory", ratio=2)
NODE = ObjectReference(kind="Node", name="node-1", uid="uid-old")


def tainting() -> Plan:
    """As a migration off a node that is ready."""
    avoid = Operation(verb=Verb.AVOID, object=NODE)
    off = avoid.model_copy(update={"verb": Verb.UNAVOID})
    return plan(inverse=False).model_copy(update={"operations": (avoid,), "cleanup": (off,)})


def node(uid: str) -> dict[str, Any]:
    return {"kind": "Node", "metadata": {"name": "node-1", "uid": uid}, "spec": {}}


def ending(found: Remediation, kind: str = "Succeeded") -> tuple[str, str, str]:
    said = condition(found, kind)
    return said.status.value, said.reason, said.message


async def tainted(monkeypatch: pytest.MonkeyPatch) -> tuple[World, FakeKube]:
    """A record whose action is being watched, and has tainted a node."""
    here, kube = world(monkeypatch, RESTART, plans=[tainting()]), FakeKube(node("uid-old"))
    here.parts = replace(here.parts, actor=Actor(kube))
    await here.until("Verifying")
    return here, kube


# --- what was there only for the attempt


async def test_a_node_that_was_made_anew_under_its_name_does_not_hold_the_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, kube = await tainted(monkeypatch)
    kube.put(node("uid-new"))
    here.health = WELL
    done = await here.until("Finished")
    assert ending(done)[1] == "Recovered"
    assert "clean-up failed" not in ending(done)[2], "the taint has gone with the old node"


@pytest.mark.parametrize("error", [Conflict("Node/node-1 changes too often"), Unavailable("no answer")])
async def test_a_clean_up_that_never_succeeds_is_given_up_and_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    here = world(monkeypatch, RESTART, plans=[tainting()])
    await here.until("Verifying")
    here.health = WELL
    here.script.apply_errors = [error] * 1000
    tries = 0
    while (done := await tried(here, type(error))) is None:
        tries += 1
    assert ending(done)[:2] == ("True", "Recovered")
    assert ending(done)[2].endswith(f"; clean-up failed: {error}")
    assert tries * 5 == 2 * VERIFICATION["timeout_seconds"], (
        "for twice the verification time-out from when it was to be cleaned up"
    )


async def tried(here: World, error: type[Exception]) -> Remediation | None:
    """One more step, without what is to be tried again. The record once it is finished."""
    try:
        found = await here.step(5)
    except error:
        return None
    return found if found.status.finished else await tried(here, error)


async def test_a_clean_up_that_succeeds_at_last_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, plans=[tainting()])
    await here.until("Verifying")
    here.health = WELL
    here.script.apply_errors = [Unavailable("no answer")] * 3
    while (done := await tried(here, Unavailable)) is None:
        pass
    assert "clean-up" not in ending(done)[2]


# --- a target that is deleted


async def test_a_target_that_is_deleted_while_it_is_watched_ends_the_attempt_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, kube = await tainted(monkeypatch)
    assert kube.objects["Node", "", "node-1"]["spec"]["taints"]
    here.health = GONE
    done = await here.until("Finished")
    assert not kube.objects["Node", "", "node-1"]["spec"].get("taints"), "nothing else would ever take it off"
    (attempt,) = done.status.attempts
    assert (attempt.outcome, attempt.finished_at) == (AttemptOutcome.TARGET_GONE, here.now)
    assert ending(done) == ("False", "TargetGone", "Deployment/front was deleted")
    assert ending(done, "Verified") == ("False", "TargetGone", "Deployment/front was deleted")


async def test_a_target_that_somebody_scales_to_zero_while_it_is_watched_credits_no_action(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, plans=[tainting()])
    await here.until("Verifying")
    here.store.put(builders.deployment(desired=0))
    here.health = WELL
    done = await here.until("Finished")
    (attempt,) = done.status.attempts
    assert attempt.outcome is AttemptOutcome.TARGET_GONE
    assert ending(done) == ("False", "TargetGone", "Deployment/front was scaled to 0")


async def test_what_stays_behind_of_a_deleted_target_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, plans=[tainting()])
    await here.until("Verifying")
    here.health = GONE
    here.script.apply_errors = [Forbidden("patch nodes")]
    done = await here.until("Finished")
    assert ending(done)[2] == "Deployment/front was deleted; clean-up failed: patch nodes"


async def test_an_attempt_that_was_judged_before_keeps_its_outcome_when_the_target_is_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, escalation={"max_attempts": 1})
    await here.until("Escalated")
    here.health = GONE
    done = await here.until("Finished")
    assert [each.outcome for each in done.status.attempts] == [AttemptOutcome.INEFFECTIVE]
    assert ending(done, "Verified")[1] == "StillUnhealthy"


# --- a target that the policy does not select any more


def leave(here: World, how: str) -> None:
    """As a person does it: with the label that says to look away, or in the policy."""
    if how == "label":
        labels = {**TARGET.meta.labels, OPT_OUT_LABEL: "true"}
        here.store.put(replace(TARGET, meta=replace(TARGET.meta, labels=labels)))
    elif how == "selector":
        change_spec(here, selector={"match_labels": {"tier": "other"}})
    else:
        change_spec(here, kinds=["StatefulSet"])


@pytest.mark.parametrize("how", ["label", "selector", "kinds"])
@pytest.mark.parametrize("stage", ["Blocked", "Escalated"])
async def test_what_is_not_selected_any_more_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, stage: str, how: str
) -> None:
    decisions = [RESTART] if stage == "Blocked" else [Escalate(reason="nothing fits")]
    told = {"notify": [{"receiver": "pager", "events": ["Escalated", "Resolved"]}]}
    paused = [{"requester": "ops", "reason": "stop"}]
    here = world(monkeypatch, *decisions, pause_requests=paused, escalation=told)
    await here.until(stage)
    leave(here, how)
    asked = len(here.script.situations)
    done = await here.step(1)
    message = "HealingPolicy shop/default does not select Deployment/front any more"
    assert ending(done) == ("False", "NotSelected", message)
    assert done.status.finished
    assert "Resolved" not in {each.event for each in done.status.notifications}, "it may be as ill as before"
    assert len(here.script.situations) == asked


async def test_what_is_queued_for_a_target_that_leaves_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART.model_copy(update={"delay_seconds": 60}))
    await here.until("Acting", seconds=0)
    leave(here, "label")
    done = await here.step(1)
    assert ending(done)[1] == "NotSelected"
    assert done.status.attempts[0].outcome is AttemptOutcome.SUPERSEDED
    assert here.script.applied == []


async def test_what_is_watched_is_undone_before_a_target_that_left_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, kube = await tainted(monkeypatch)
    leave(here, "selector")
    assert (await here.step(1)).status.stage is Stage.VERIFYING
    done = await here.until("Finished")
    assert ending(done)[1] == "NotSelected"
    assert done.status.attempts[0].outcome is AttemptOutcome.INEFFECTIVE
    assert not kube.objects["Node", "", "node-1"]["spec"].get("taints")


@pytest.mark.parametrize("kind", ["pod", "node"])
async def test_a_label_on_a_pod_or_node_alone_lets_no_target_go(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    here = world(monkeypatch, RESTART, mode="Observe")
    await here.until("Blocked")
    out = {OPT_OUT_LABEL: "true"}
    here.store.put(
        builders.pod("front-0", TARGET, labels=out) if kind == "pod" else builders.node(labels=out)
    )
    assert not (await here.step(1)).status.finished


# --- a target that gets well by itself, or late


async def test_a_target_that_gets_well_after_an_action_was_given_up_says_what_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, RESTART, RESIZE)
    await here.until("Reverting")
    await here.until("Detected")
    here.health = WELL
    status, reason, message = ending(await here.until("Finished"))
    assert (status, reason) == ("True", "RecoveredLate")
    assert message.endswith("after Planaria had given up restart of Deployment/front (Ineffective, undone)")


async def test_a_command_that_failed_may_have_helped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART, plans=[plan(inverse=False)])
    here.script.apply_errors = [Forbidden("pods/exec")]
    await here.until("Acting")
    await here.until("Detected")
    here.health = WELL
    _, reason, message = ending(await here.until("Finished"))
    assert reason == "RecoveredLate"
    assert message.endswith("after Planaria had given up restart of Deployment/front (Failed)")


async def test_what_was_superseded_was_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, RESTART)
    here.script.apply_errors = [Conflict("front was changed by somebody else")]
    await here.until("Acting")
    assert (await here.step()).status.stage is Stage.DETECTED
    here.health = WELL
    _, reason, message = ending(await here.until("Finished"))
    assert reason == "RecoveredWithoutAction"
    assert message.endswith("before anything was done about it")


@pytest.mark.parametrize(
    ("decisions", "told"),
    [
        ([RESTART], "after Planaria had given up restart of Deployment/front (Ineffective, undone)"),
        ([], "not by Planaria's doing"),
    ],
)
async def test_after_an_escalation_nothing_is_claimed_that_is_not_known(
    monkeypatch: pytest.MonkeyPatch, decisions: list[Any], told: str
) -> None:
    attempts = {"max_attempts": 1}
    here = World(Script(decisions), monkeypatch, verification={"timeout_seconds": 60}, escalation=attempts)
    await here.until("Escalated")
    here.health = WELL
    status, reason, message = ending(await here.until("Finished"))
    assert (status, reason) == ("False", "RecoveredAfterEscalation")
    assert message.endswith(told)
