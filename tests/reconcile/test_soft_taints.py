"""A node that a migration avoids is avoided no longer than that is under way, though its record be deleted before it ends."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.act.actor import Actor
from planaria_operator.act.naming import attempt_name
from planaria_operator.act.taints import AVOID, scope_of
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.remediation import Stage
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.cluster import parse_node
from planaria_operator.reconcile.engine import Engine
from planaria_operator.settings import Settings
from tests.reconcile.harness import Script, World
from tests.reconcile.test_ends_of_records import GONE, tainted

NODE = ("Node", "", "node-1")
THEIRS = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
DELETED = {**AVOID, "value": "1.0badcafe"}
OLDER = dict(AVOID)
"""As a version left it that did not say whose it is."""


def show_the_node(here: World, kube: FakeKube) -> None:
    """As the watch does, a little later."""
    here.store.put(parse_node(kube.objects[NODE]))


def engine(monkeypatch: pytest.MonkeyPatch, *taints: Any, **settings: Any) -> tuple[Engine, World, FakeKube]:
    """Without any record, as after a person has deleted the policy."""
    here = World(Script([]), monkeypatch)
    kube = FakeKube({"kind": "Node", "metadata": {"name": "node-1"}, "spec": {"taints": [*taints]}})
    told = Settings(**settings)
    here.parts = replace(here.parts, actor=Actor(kube, scope_of(told.namespaces)), settings=told)
    show_the_node(here, kube)
    return Engine(here.parts), here, kube


def left(kube: FakeKube) -> list[dict[str, str]]:
    return list(kube.objects[NODE]["spec"].get("taints") or ())


@pytest.mark.parametrize("taint", [DELETED, OLDER], ids=["named", "of an older version"])
async def test_a_node_whose_record_was_deleted_is_avoided_no_longer(
    monkeypatch: pytest.MonkeyPatch, taint: dict[str, str]
) -> None:
    ticking, here, kube = engine(monkeypatch, THEIRS, taint)
    await ticking.tick(here.now)
    assert left(kube) == [THEIRS]
    await ticking.tick(here.now)
    assert len(kube.changes) == 1, "the watch is late, the node is not touched again"


async def test_a_node_that_nobody_avoids_is_not_even_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking, here, kube = engine(monkeypatch, THEIRS)
    await ticking.tick(here.now)
    assert kube.made == []


async def test_a_node_is_avoided_as_long_as_the_attempt_is_watched_and_then_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, kube = await tainted(monkeypatch)
    show_the_node(here, kube)
    (record,) = here.store.remediations.values()
    here.store.policies.clear()  # so that a pass does nothing else
    for stage in (Stage.ACTING, Stage.VERIFYING, Stage.REVERTING):
        here.store.put_remediation(
            record.model_copy(update={"status": record.status.model_copy(update={"stage": stage})})
        )
        await Engine(here.parts).tick(here.now)
        assert left(kube), stage
    here.store.drop_remediation(record.namespace, record.name)
    await Engine(here.parts).tick(here.now)
    assert left(kube) == []


async def test_an_attempt_that_could_not_take_it_off_at_its_end_is_made_good_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, kube = await tainted(monkeypatch)
    show_the_node(here, kube)
    kube.fail("patch", "Node", Forbidden("patch nodes"))
    here.health = GONE
    await here.until("Finished")
    assert left(kube)
    await Engine(here.parts).tick(here.now)
    assert left(kube) == []


async def test_what_another_attempt_avoids_by_now_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking, here, kube = engine(monkeypatch, DELETED)
    newer = {**AVOID, "value": "1.f00dfeed"}
    kube.put({**kube.objects[NODE], "spec": {"taints": [newer]}})
    await ticking.tick(here.now)
    assert left(kube) == [newer]


async def test_where_another_operator_may_have_other_namespaces_it_is_left_to_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticking, here, kube = engine(monkeypatch, DELETED, namespaces=("shop",))
    await ticking.tick(here.now)
    assert left(kube) == [DELETED]


@pytest.mark.parametrize("whose", [("shop",), ("pay", "shop"), ("back",), ()], ids=",".join)
async def test_an_operator_of_some_namespaces_takes_off_what_itself_left_and_never_anothers(
    monkeypatch: pytest.MonkeyPatch, whose: tuple[str, ...]
) -> None:
    ticking, here, kube = engine(monkeypatch, namespaces=("shop", "pay"))
    avoid = Operation(verb=Verb.AVOID, object=ObjectReference(kind="Node", name="node-1"))
    await Actor(kube, scope_of(whose)).apply((avoid,), "front-1/1@0badcafe")
    show_the_node(here, kube)
    await ticking.tick(here.now)
    assert bool(left(kube)) is (set(whose) != {"shop", "pay"})


async def test_an_operator_of_some_namespaces_avoids_a_node_as_long_as_its_attempt_is_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, kube = await tainted(monkeypatch)
    few = Settings(namespaces=("shop",))
    here.parts = replace(here.parts, actor=Actor(kube, scope_of(few.namespaces)), settings=few)
    (record,) = here.store.remediations.values()
    assert record.status.attempt is not None
    await here.parts.actor.apply(record.status.attempt.plan.operations, attempt_name(record, 1))
    show_the_node(here, kube)
    here.store.policies.clear()  # so that a pass does nothing else
    await Engine(here.parts).tick(here.now)
    assert left(kube)
    here.store.drop_remediation(record.namespace, record.name)
    await Engine(here.parts).tick(here.now)
    assert left(kube) == []


async def test_a_server_that_refuses_is_not_asked_at_every_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking, here, kube = engine(monkeypatch, DELETED)
    kube.fail("patch", "Node", Forbidden("patch nodes"), times=9)
    for _ in range(5):
        await ticking.tick(here.now)
    assert kube.calls["patch", "Node"] == 1
