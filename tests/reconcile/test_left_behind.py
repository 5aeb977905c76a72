"""What an undone template leaves behind: pods of it that no controller replaces are named, and left to a person."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Resize
from planaria_operator.api.plan import ObjectReference, Plan
from planaria_operator.objects.workload import Workload
from tests import builders
from tests.reconcile.harness import VERIFICATION, Script, World, condition, plan

BROKEN: dict[str, Any] = {"ready": False, "ready_since": None}
TILL_READY = "; pods that keep the undone template until they are ready or a person deletes them: "
FOR_GOOD = "; pods that keep the undone template until a person deletes them: "


def resized(target: Workload) -> Plan:
    about = ObjectReference(
        kind=target.meta.kind, namespace="shop", name=target.meta.name, uid=target.meta.uid
    )
    made = plan("resize")
    forth, back = (
        [each.model_copy(update={"object": about}) for each in them]
        for them in (made.operations, made.inverse)
    )
    changes = {"target": about, "operations": tuple(forth), "inverse": tuple(back)}
    return made.model_copy(update=changes)


async def undone(monkeypatch: pytest.MonkeyPatch, target: Workload, *since: Any, **spec: Any) -> World:
    """A change of its template did not help and was undone; `since` are the pods that were made meanwhile, by name."""
    script = Script([Resize(resource="memory", ratio=2)], plans=[resized(target)])
    here = World(script, monkeypatch, verification=VERIFICATION, **spec)
    here.store.put(target)
    here.store.put(builders.pod("db-0", target, created=builders.ago(3600), **BROKEN))
    await here.until("Verifying")
    for name, fields in since:
        made_of = {"labels": {"controller-revision-hash": "db-1"}, "created": here.now}
        here.store.put(builders.pod(name, target, **{**made_of, **fields}))
    await here.until("Reverting")
    return here


async def said(here: World) -> str:
    reverted = condition(await here.step(), "Reverted")
    assert (reverted.status, reverted.reason) == ("True", "ActionReverted")
    return reverted.message.removeprefix("undone: restart ")


async def test_a_broken_pod_that_a_stateful_set_made_of_the_undone_template_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before it is ready its controller replaces none, and evicting it could begin a recovery anew."""
    here = await undone(monkeypatch, builders.stateful_set("db"), ("db-1", {}), ("db-2", BROKEN))
    assert await said(here) == f"StatefulSet/db{TILL_READY}db-2"
    assert len(here.script.applied) == 2, "the action and its undoing, and nothing more"


async def test_with_on_delete_every_pod_of_the_undone_template_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in (builders.stateful_set, builders.daemon_set):
        held = replace(kind("db"), held_back=3)
        here = await undone(monkeypatch, held, ("db-1", {}), ("db-2", BROKEN))
        assert (await said(here)).endswith(f"{FOR_GOOD}db-1, db-2")


@pytest.mark.parametrize("kind", [builders.deployment, builders.daemon_set])
async def test_what_a_controller_replaces_by_itself_is_not_named(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    here = await undone(monkeypatch, kind("db"), ("db-2", BROKEN))
    assert await said(here) == f"{kind('db').meta.kind}/db"


async def test_where_nothing_was_made_of_it_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    going = {**BROKEN, "deleting": True}
    of_another = {**BROKEN, "labels": {"controller-revision-hash": "db-0"}}
    here = await undone(
        monkeypatch, builders.stateful_set("db"), ("db-1", {}), ("db-2", going), ("db-3", of_another)
    )
    assert await said(here) == "StatefulSet/db"


async def test_the_person_who_takes_over_is_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    once = {"max_attempts": 1}
    here = await undone(monkeypatch, builders.stateful_set("db"), ("db-2", BROKEN), escalation=once)
    escalated = condition(await here.step(), "Succeeded")
    assert escalated.message == f"1 of 1 allowed actions were tried and none helped{TILL_READY}db-2"
