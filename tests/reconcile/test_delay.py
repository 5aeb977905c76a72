"""An action with a delay is only queued until its time: the world may call it off, and then nothing of it is sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Restart
from planaria_operator.act.planner import Planner
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.policy_status import StormStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.guard.chain import AGAIN, GUARDS
from planaria_operator.guard.weather import Weather
from planaria_operator.kube.errors import Unavailable
from planaria_operator.reconcile.advance import advance
from planaria_operator.reconcile.case import Case
from tests import builders
from tests.act import bodies
from tests.reconcile.asking import Asking
from tests.reconcile.harness import (
    RESTART,
    SICK,
    TARGET,
    WELL,
    World,
    change_spec,
    condition,
    plan,
    said,
    world,
)

LATER = Restart(pods=("front-0",), delay_seconds=60)
CLOSED = {"kind": "Deny", "start": "12:00", "end": "13:00", "time_zone": "UTC"}


async def queued(here: World) -> None:
    acting = await here.until("Acting", seconds=0)
    assert acting.status.attempts[0].queued
    await here.step(59)
    assert here.script.applied == []


async def test_at_its_time_it_is_begun_and_then_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, LATER)
    await queued(here)
    verifying = await here.step(2)
    assert verifying.status.stage is Stage.VERIFYING
    (attempt,) = verifying.status.attempts
    assert attempt.begun_at == here.now
    assert not attempt.queued
    assert len(here.script.applied) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pause_requests": [{"requester": "ops", "reason": "stop"}]}, "Paused"),
        ({"mode": "Observe"}, "ObserveMode"),
        ({"mode": "Approve"}, "AwaitingApproval"),
        ({"actions": [{"type": "restart", "mode": "Approve"}]}, "AwaitingApproval"),
        ({"actions": [{"type": "scale"}]}, "NotAllowedByPolicy"),
        ({"guardrails": {"windows": [CLOSED]}}, "OutsideWindow"),
    ],
)
async def test_what_a_person_says_meanwhile_calls_it_off(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reason: str
) -> None:
    here = world(monkeypatch, LATER)
    await queued(here)
    change_spec(here, **change)
    off = await here.step(2)
    assert here.script.applied == []
    assert off.status.stage is Stage.BLOCKED
    assert said(off, "Executed") == ("False", reason)
    (attempt,) = off.status.attempts
    assert attempt.outcome is AttemptOutcome.SUPERSEDED
    assert attempt.message.startswith("called off at the end of its delay")
    assert {record.guard for record in off.status.guards} == AGAIN | {"approval"}
    assert Reason(reason) in [said for said, _ in here.script.events]


async def test_what_is_called_off_for_want_of_an_approval_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Asking(monkeypatch, LATER, *[RESTART] * 9, mode="Enforce")
    await queued(here)
    here.change(mode="Approve")
    off = await here.step(2)
    assert (off.status.stage, off.status.proposal) == (Stage.BLOCKED, None)
    waiting = await here.until("Awaiting", seconds=1, limit=30)
    assert here.script.applied == []
    here.answer(waiting)
    await here.until("Verifying", seconds=1)
    assert len(here.script.applied) == 1


async def test_what_was_approved_with_its_delay_is_begun_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Asking(monkeypatch, *[LATER] * 9)
    here.answer(await here.until("Awaiting", seconds=0))
    await queued(here)
    assert (await here.step(2)).status.stage is Stage.VERIFYING
    assert len(here.script.applied) == 1


async def test_an_approval_that_was_void_before_does_not_begin_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same plan again, decided under Enforce: what was void once never counts."""
    here = Asking(monkeypatch, *[LATER] * 9)
    here.answer(await here.until("Awaiting", seconds=0))
    here.change(mode="Observe")
    await here.until("Blocked", seconds=1)
    here.change(mode="Enforce")
    await here.until("Acting", seconds=61)
    here.change(mode="Approve")
    off = await here.step(61)
    assert (said(off, "Executed"), here.script.applied) == (("False", "AwaitingApproval"), [])


async def test_an_open_breaker_and_a_storm_call_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for reason in ("BreakerOpen", "StormActive"):
        here = world(monkeypatch, LATER)
        await queued(here)
        here.now += timedelta(seconds=2)
        remediation, policy, weather = await here.open(), here.policy, Weather(None)
        if reason == "StormActive":
            weather = Weather(StormStatus(since=here.now, why="many"))
        else:
            broken = policy.status.breaker.model_copy(update={"opened_at": here.now})
            policy = policy.model_copy(
                update={"status": policy.status.model_copy(update={"breaker": broken})}
            )
            here.store.put_policy(policy)
        off = await advance(here.parts, Case(remediation, policy, (here.incident,), here.now, weather))
        assert (said(off, "Executed")[1], here.script.applied) == (reason, [])


async def test_a_target_that_gets_well_calls_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, LATER)
    await queued(here)
    here.health = WELL
    done = await here.until("Finished", seconds=5)
    assert condition(done, "Succeeded").reason == "RecoveredWithoutAction"
    assert done.status.attempts[0].outcome is AttemptOutcome.SUPERSEDED
    assert here.script.applied == []


async def test_while_it_seems_well_it_is_held_and_after_a_relapse_it_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = world(monkeypatch, LATER)
    await queued(here)
    here.health = WELL
    await here.step(5)
    assert here.script.applied == []
    here.health = SICK
    assert (await here.step(1)).status.stage is Stage.VERIFYING


async def test_once_begun_it_is_finished_whatever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent in part must not be left so: the process may have died in the middle."""
    here = world(monkeypatch, LATER)
    await queued(here)
    here.script.apply_errors = [Unavailable("no answer")]
    waiting = await here.step(2)
    assert not waiting.status.attempts[0].queued
    change_spec(here, pause_requests=[{"requester": "ops", "reason": "stop"}])
    here.restart()
    assert (await here.step(3)).status.stage is Stage.VERIFYING
    assert len(here.script.applied) == 1


async def test_an_action_without_a_delay_is_never_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether it was sent, so whoever comes next finishes it."""
    here = world(monkeypatch, RESTART)
    await here.until("Acting", seconds=0)
    change_spec(here, pause_requests=[{"requester": "ops", "reason": "stop"}])
    here.restart()
    assert (await here.step(600)).status.stage is Stage.VERIFYING


async def test_trying_again_is_bounded_from_when_it_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, Restart(pods=("front-0",), delay_seconds=120))
    await here.until("Acting", seconds=0)
    here.script.apply_errors = [Unavailable("no answer")]
    waiting = await here.step(121)
    assert waiting.status.stage is Stage.ACTING, "60 s are counted from the end of the delay"
    assert (await here.step(3)).status.stage is Stage.VERIFYING


def _with_planner(here: World) -> None:
    """The one that is shipped, of a pod on node-1 whose volume stays there."""
    front, sets, pod = bodies.workload(), bodies.replica_set(1, bodies.template()), bodies.pod()
    front["metadata"]["uid"] = sets["metadata"]["ownerReferences"][0]["uid"] = TARGET.meta.uid
    pod["spec"]["volumes"] = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    about = {"name": "data", "namespace": "shop"}
    claim = {"kind": "PersistentVolumeClaim", "metadata": about, "spec": {"volumeName": "pv-1"}}
    volume = {"kind": "PersistentVolume", "metadata": {"name": "pv-1"}, "spec": {"local": {"path": "/d"}}}
    for body in (front, sets, pod, claim, volume):
        here.kube.put(body)
    here.script.seen["pods"] = (bodies.affected("front-0"),)
    for name in ("node-1", "node-2"):
        here.store.put(builders.node(name))
    here.parts = replace(here.parts, planner=Planner(here.kube, here.store))


@pytest.mark.parametrize("cordoned", [True, False])
async def test_a_node_that_was_cordoned_meanwhile_calls_it_off(
    monkeypatch: pytest.MonkeyPatch, cordoned: bool
) -> None:
    here = world(monkeypatch, LATER)
    _with_planner(here)
    await queued(here)
    here.store.put(builders.node("node-1", schedulable=not cordoned))
    after = await here.step(2)
    assert len(here.script.applied) == (not cordoned)
    if cordoned:
        assert (after.status.stage, said(after, "Executed")) == (Stage.BLOCKED, ("False", "VolumeStays"))
        assert "front-0 would find no place: node node-1 is cordoned" in condition(after, "Executed").message
        assert after.status.guards[-1].guard == "delay"


@pytest.mark.parametrize(("left", "sent"), [((), 1), (("front-1",), 0)], ids=["gone", "still there"])
async def test_a_pod_that_would_not_be_evicted_any_more_calls_it_off(
    monkeypatch: pytest.MonkeyPatch, left: tuple[str, ...], sent: int
) -> None:
    both = ("front-0", "front-1")
    here = world(monkeypatch, LATER, plans=[_evicting(*both), _evicting("front-0")])
    for name in left:
        here.store.put(builders.pod(name))
    await queued(here)
    after = await here.step(2)
    assert len(here.script.applied) == sent
    if not sent:
        assert said(after, "Executed") == ("False", "WorldChanged")
        assert "it would not evict Pod/front-1" in condition(after, "Executed").message


async def test_a_rollout_that_would_only_evict_by_now_calls_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a well pod runs on a node that was cordoned meanwhile."""
    here = world(monkeypatch, LATER, plans=[plan(), _evicting("front-0")])
    await queued(here)
    after = await here.step(2)
    assert (here.script.applied, said(after, "Executed")) == ([], ("False", "WorldChanged"))
    assert "it would not patch Deployment/front" in condition(after, "Executed").message


def _evicting(*names: str) -> Plan:
    pods = [
        ObjectReference(kind="Pod", namespace="shop", name=name, uid=builders.uid_of("Pod", name))
        for name in names
    ]
    return plan().model_copy(
        update={"operations": tuple(Operation(verb=Verb.EVICT, object=pod) for pod in pods)}
    )


async def test_what_cannot_be_looked_at_again_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(monkeypatch, LATER)
    _with_planner(here)
    await queued(here)
    here.kube.fail("list", "Pod", Unavailable("no answer"))
    off = await here.step(2)
    assert (here.script.applied, said(off, "Executed")) == ([], ("False", "ApiUnavailable"))


def test_the_guards_that_are_asked_again_exist() -> None:
    assert {guard.name for guard in GUARDS} >= AGAIN
