"""Nodes that Planaria has closed are opened when they are well, whatever became of the record; others are left alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Action, Reload
from planaria_operator.act.actor import Actor
from planaria_operator.act.running import CommandFailed
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.guard.shared_node import SharedNode
from planaria_operator.guard.weather import Weather
from planaria_operator.kube.errors import MayHaveRun, NotStarted, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.cluster import parse_node
from planaria_operator.objects.cordon import BY_A_PERSON, CORDONED_BY, UNCORDON, WHEN_WELL
from planaria_operator.objects.meta import Identity
from planaria_operator.reconcile.advance import advance
from planaria_operator.reconcile.case import Case
from planaria_operator.reconcile.cordons import ASK_AGAIN, STEADY, Cordons, being_isolated
from tests.builders import NOW, ago, deployment
from tests.guard.proposals import attempt
from tests.reconcile.draining import OURS
from tests.reconcile.harness import TARGET, Script, World, condition, plan, refused_by_no_guard

WELL_LONG = STEADY.total_seconds() + 1


def closed(
    *,
    again: str = WHEN_WELL,
    ready: str = "True",
    pressure: str = "False",
    turned: float = WELL_LONG,
    owners: Any = OURS,
) -> dict[str, Any]:
    time = ago(turned).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        {"type": "Ready", "status": ready, "lastTransitionTime": ago(9000).strftime("%Y-%m-%dT%H:%M:%SZ")},
        {"type": "DiskPressure", "status": pressure, "lastTransitionTime": time},
    ]
    marks = {CORDONED_BY: "front-1/1", UNCORDON: again}
    about = {"name": "node-1", "uid": "uid-node-1", "annotations": marks, "managedFields": owners}
    return {
        "kind": "Node",
        "metadata": about,
        "spec": {"unschedulable": True},
        "status": {"conditions": conditions},
    }


def cordons(body: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Cordons, FakeKube, Script]:
    here = World(Script([]), monkeypatch)
    kube = FakeKube(body)
    here.store.put(parse_node(kube.objects["Node", "", "node-1"]))
    return Cordons(replace(here.parts, actor=Actor(kube))), kube, here.script


def is_open(kube: FakeKube) -> bool:
    return not kube.objects["Node", "", "node-1"]["spec"].get("unschedulable")


async def test_a_node_that_is_well_for_long_enough_is_opened_once_and_people_are_told(
    monkeypatch: pytest.MonkeyPatch,
):
    opening, kube, script = cordons(closed(), monkeypatch)
    await opening.open_again(NOW)
    assert is_open(kube)
    assert CORDONED_BY not in kube.objects["Node", "", "node-1"]["metadata"]["annotations"]
    assert [reason for reason, _ in script.events] == [Reason.NODE_UNCORDONED]
    await opening.open_again(NOW + ASK_AGAIN)
    assert len(script.events) == len(kube.changes) == 1, "the watch is late, the node is not touched again"


@pytest.mark.parametrize(
    "body",
    [
        closed(again=BY_A_PERSON),
        closed(ready="False"),
        closed(ready="Unknown"),
        closed(pressure="True"),
        closed(turned=STEADY.total_seconds() - 1),
    ],
    ids=["looked-well-all-the-time", "not-ready", "silent", "full", "well-a-moment-ago"],
)
async def test_otherwise_it_stays_closed_and_is_not_even_asked(body: Any, monkeypatch: pytest.MonkeyPatch):
    opening, kube, script = cordons(body, monkeypatch)
    await opening.open_again(NOW)
    assert kube.made == []
    assert script.events == []


async def test_a_node_that_a_person_closed_anew_is_theirs_and_is_not_asked_every_second(
    monkeypatch: pytest.MonkeyPatch,
):
    theirs = [{"manager": "kubectl-cordon", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}]
    opening, kube, script = cordons(closed(owners=theirs), monkeypatch)
    for second in range(30):
        await opening.open_again(NOW + timedelta(seconds=second))
    assert not is_open(kube)
    assert kube.calls == {("get", "Node"): 1}
    assert script.events == []


async def test_a_server_that_is_away_is_asked_again_later(monkeypatch: pytest.MonkeyPatch):
    opening, kube, _ = cordons(closed(), monkeypatch)
    kube.fail("patch", "Node", Unavailable("no answer"))
    await opening.open_again(NOW)
    assert not is_open(kube)
    await opening.open_again(NOW + ASK_AGAIN)
    assert is_open(kube)


# --- the others, while one isolates


async def test_nothing_is_done_for_a_workload_whose_pods_are_being_moved_off_the_shared_node(
    monkeypatch: pytest.MonkeyPatch,
):
    here = World(Script([Reload(), Reload()]), monkeypatch)
    mine = await here.until("Understood")
    lead = plan("isolate").model_copy(update={"action": Action.ISOLATE})
    lead = lead.model_copy(
        update={"target": lead.target.model_copy(update={"kind": "Node", "name": "node-1"})}
    )
    members = frozenset({TARGET.meta.uid, "uid-lead"})
    shared = SharedNode("node-1", members, "uid-lead", "lead-1")
    sky = Weather(None, {}, dict.fromkeys(members, shared))
    case = Case(mine, here.policy, (here.incident,), here.now, sky)
    acting = _acting(mine, lead)
    here.store.put_remediation(acting)
    counted = refused_by_no_guard(Reason.SHARED_CAUSE)
    held = await advance(here.parts, case)
    executed = condition(held, "Executed")
    assert (held.status.stage, executed.reason) == (Stage.BLOCKED, "SharedCause")
    assert refused_by_no_guard(Reason.SHARED_CAUSE) == counted + 1
    assert executed.message == "Remediation lead-1 isolates node node-1 for all that fail there"
    assert here.script.situations == []


async def test_a_lost_node_that_another_policy_isolates_is_left_to_it(monkeypatch: pytest.MonkeyPatch):
    here = World(Script([Reload()]), monkeypatch)
    mine = await here.until("Understood")
    node = mine.spec.target.model_copy(update={"kind": "Node", "name": "node-1", "namespace": None})
    own = mine.model_copy(update={"spec": mine.spec.model_copy(update={"target": node})})
    lead = plan("isolate").model_copy(update={"action": Action.ISOLATE, "target": node})
    here.store.put_remediation(_acting(mine, lead))
    case = Case(own, here.policy, (), here.now)
    assert (
        being_isolated(here.store, case) == "Remediation lead-1 isolates node node-1 for all that fail there"
    )
    assert being_isolated(here.store, replace(case, remediation=_acting(mine, lead))) is None, "its own"


async def test_nobody_waits_for_a_record_whose_policy_was_deleted_without_it(
    monkeypatch: pytest.MonkeyPatch,
):
    """As `kubectl delete --cascade=orphan` leaves it: nobody goes on with it, so it never ends."""
    here = World(Script([Reload()]), monkeypatch)
    mine = await here.until("Understood")
    node = mine.spec.target.model_copy(update={"kind": "Node", "name": "node-1", "namespace": None})
    own = mine.model_copy(update={"spec": mine.spec.model_copy(update={"target": node})})
    lead = _acting(mine, plan("isolate").model_copy(update={"action": Action.ISOLATE, "target": node}))
    orphan = lead.model_copy(update={"spec": lead.spec.model_copy(update={"policy": "deleted"})})
    here.store.put_remediation(orphan)
    case = Case(own, here.policy, (), here.now)
    assert being_isolated(here.store, case) is None
    here.store.unreadable[Identity("HealingPolicy", "shop", "deleted", "uid-9")] = "spec.mode: none of these"
    assert being_isolated(here.store, case), "it goes on as soon as its policy can be read"


def _acting(mine: Any, lead: Any) -> Any:

    made = attempt(deployment("lead"), None).model_copy(update={"plan": lead})
    status = mine.status.model_copy(update={"stage": Stage.VERIFYING, "attempts": (made,)})
    spec = mine.spec.model_copy(
        update={"target": mine.spec.target.model_copy(update={"name": "lead", "uid": "uid-lead"})}
    )
    return mine.model_copy(update={"name": "lead-1", "uid": "uid-lead-1", "spec": spec, "status": status})


# --- a command that fails


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0Z3\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "error",
    [
        CommandFailed(
            f"the declared command failed in Pod/front-0: exit code 1, it printed: token=hunter2\n{KEY}"
        ),
        NotStarted("create Pod shop/front-0 (exec): no such file"),
        MayHaveRun("create Pod shop/front-0 (exec): no end within 30 s; it may have run, in part or whole"),
    ],
    ids=["exit-code", "not-started", "no-end"],
)
async def test_a_command_that_fails_is_a_failed_attempt_that_is_not_repeated(
    error: Exception, monkeypatch: pytest.MonkeyPatch
):
    script = Script([Reload()], apply_errors=[error])
    script.plans = [plan("reload", inverse=False).model_copy(update={"action": Action.RELOAD})]
    here = World(script, monkeypatch, actions=[{"type": "reload", "command": ["/bin/reload"]}])
    await here.until("Acting")
    failed = await here.step()
    (tried,) = failed.status.attempts
    assert tried.outcome is AttemptOutcome.FAILED
    assert tried.message.startswith("CommandFailed: ")
    assert "hunter2" not in str(failed)
    assert "MIIEpAIBAAKCAQEA0Z3" not in str(failed)
    assert condition(failed, "Executed").reason == "CommandFailed"
    assert script.applied == []
    await here.until("Escalated")
    assert [each.action for each in script.situations[-1].tried] == ["reload"]
