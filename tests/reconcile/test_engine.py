"""What one pass over the policies opens, leaves alone, and says of itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from planaria_contract import Resize
from planaria_operator.api.remediation import Remediation
from planaria_operator.kube.errors import Unavailable
from planaria_operator.notify.notifier import Notifier
from planaria_operator.notify.receivers import Receiver, Receivers
from planaria_operator.notify.sender import Sender
from planaria_operator.reconcile import engine as stepping
from planaria_operator.reconcile.case import Case
from planaria_operator.reconcile.engine import Engine
from planaria_operator.reconcile.setbacks import FIRST_PAUSE
from planaria_operator.settings import ALWAYS_PROTECTED, Settings
from planaria_operator.telemetry import metrics
from tests import builders
from tests.reconcile.harness import RESTART, Script, World, condition, policy_body
from tests.reconcile.passes import (
    SET,
    add_policy_of_stock,
    break_apps,
    break_stock,
    moved,
    passes,
    stages,
    world,
)


async def test_a_ripe_incident_is_opened_once_and_moved_on(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch)
    await passes(engine, here, 5)
    (remediation,) = here.store.remediations.values()
    assert remediation.status.stage == "Verifying"
    assert here.kube.calls["create", "Remediation"] == 1


async def test_many_incidents_are_written_down_together(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch)
    break_apps(here, 3)
    create, under_way, most = here.kube.create, 0, 0

    async def slow(*args: Any, **kwargs: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        made = await create(*args, **kwargs)
        under_way -= 1
        return made

    monkeypatch.setattr(here.kube, "create", slow)
    await passes(engine, here, 1)
    assert (len(here.store.remediations), most) == (4, 4)


async def test_one_that_cannot_be_written_does_not_hold_back_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    break_apps(here, 1)
    here.kube.fail("create", "Remediation", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await passes(engine, here, 1)
    assert len(here.store.remediations) == 1
    here.now += FIRST_PAUSE
    await passes(engine, here, 1)
    assert len(here.store.remediations) == 2


async def test_what_is_not_ripe_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch, triggers={"not_ready_for_seconds": 600})
    await passes(engine, here)
    assert here.store.remediations == {}


async def test_the_policy_counts_what_it_sees_and_writes_it_only_when_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch, triggers={"not_ready_for_seconds": 600})
    await passes(engine, here, 4)
    assert (here.policy.status.targets, here.policy.status.unhealthy) == (1, 1)
    assert here.kube.calls["patch", "HealingPolicy"] == 1


async def test_a_target_of_two_policies_is_healed_by_the_first_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch)
    later = builders.policy("later")
    here.kube.put(policy_body(later))
    here.store.put_policy(later)
    await passes(engine, here)
    assert [each.spec.policy for each in here.store.remediations.values()] == ["default"]
    ready = next(c for c in here.store.policies["shop", "later"].status.conditions if c.type == "Ready")
    assert ready.reason == "Overlapping"


async def test_a_lost_node_is_an_incident_in_every_namespace_that_it_holds_pods_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    add_policy_of_stock(here)
    theirs = builders.deployment("back", namespace="stock")
    pod = builders.pod("back-0", theirs, ready=False, ready_since=builders.ago(100))
    here.store.put(theirs)
    here.store.put(moved(pod, "stock"))
    here.store.put(builders.node("node-1", ready=False, ready_since=builders.ago(101)))
    here.store.put(
        builders.pod("front-1", SET, ready=False, ready_since=builders.ago(100), started_at=builders.ago(900))
    )
    await passes(engine, here, 1)
    lost = {each.namespace for each in here.store.remediations.values() if each.spec.target.kind == "Node"}
    assert lost == {"shop", "stock"}


async def test_a_policy_in_a_protected_namespace_does_nothing_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    system = builders.policy(namespace="kube-system")
    here.kube.put(policy_body(system))
    here.store.put_policy(system)
    await passes(engine, here, 1)
    status = here.store.policies["kube-system", "default"].status
    ready = next(condition for condition in status.conditions if condition.type == "Ready")
    assert (ready.status, ready.reason) == ("False", "NamespaceProtected")


async def test_what_was_begun_is_ended_where_the_namespace_becomes_protected_and_nothing_more_is_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    here.script.decisions.append(Resize(resource="memory", ratio=2.0))
    await passes(engine, here, 5)
    assert stages(here) == ["Verifying"]
    protected = Settings(protected_namespaces=ALWAYS_PROTECTED | {"shop"})
    engine = Engine(replace(here.parts, settings=protected))
    break_apps(here, 1)
    here.now += timedelta(seconds=600)
    await passes(engine, here, 5)
    (remediation,) = here.store.remediations.values()
    assert [token.endswith("/revert") for token, _ in here.script.applied] == [False, True]
    executed = condition(remediation, "Executed")
    assert (remediation.status.stage, executed.reason) == ("Blocked", "ProtectedNamespace")


async def test_a_pass_that_fails_is_counted_and_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    _, engine = world(monkeypatch)
    failures = metrics.RECONCILE_ERRORS._value.get()
    stop = asyncio.Event()

    async def failing(_: Any) -> None:
        raise ZeroDivisionError

    async def no_pause(_: float) -> None:
        stop.set()

    monkeypatch.setattr(engine.__class__, "tick", lambda self, now: failing(now))
    monkeypatch.setattr("planaria_operator.reconcile.engine.FAILED_PAUSE", 0.0)
    monkeypatch.setattr(engine.__class__, "_pause", lambda self, _: no_pause(0))
    await asyncio.wait_for(engine.run(stop), 5)
    assert metrics.RECONCILE_ERRORS._value.get() == failures + 1
    assert engine.ticked is not None


async def test_while_the_cluster_is_not_seen_no_pass_is_made_and_the_loop_comes_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    stop = asyncio.Event()
    monkeypatch.setattr("planaria_operator.reconcile.engine.SHORTEST_PAUSE", 0.0)
    object.__setattr__(here.parts.settings, "tick_seconds", 0.01)
    engine.seeing = False
    running = asyncio.create_task(engine.run(stop))
    while engine.ticked is None:
        await asyncio.sleep(0)
    assert here.store.remediations == {}
    engine.seeing = True
    while not here.store.remediations:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_with_a_slow_api_server_every_step_of_a_pass_is_a_sign_of_life(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    add_policy_of_stock(here)
    break_apps(here, 3)
    create, patch, silent = here.kube.create, here.kube.patch, 0.0

    async def slow(call: Any, kind: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal silent
        if call == create or kind == "HealingPolicy":  # the pass itself waits for these
            here.now += timedelta(seconds=10)
            silent = max(silent, (here.now - (engine.ticked or builders.NOW)).total_seconds())
        return await call(kind, *args, **kwargs)

    monkeypatch.setattr(here.kube, "create", partial(slow, create))
    monkeypatch.setattr(here.kube, "patch", partial(slow, patch))
    object.__setattr__(here.parts.settings, "max_opening", 1)
    await engine.tick(here.now)
    assert (here.now - builders.NOW).total_seconds() >= 60
    assert silent <= 20


async def test_a_receiver_whose_address_is_none_holds_no_pass_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here, _ = world(monkeypatch, escalation={"notify": [{"receiver": "oncall"}]})
    (tmp_path / "url").write_text("https://[your-team].webhook.office.com/x")
    receivers = Receivers([Receiver("oncall", tmp_path)])
    notifier = Notifier(receivers, Sender(), here.parts.records.update, here.parts.recorder, here.parts.clock)
    await Engine(replace(here.parts, notifier=notifier)).tick(here.now)
    ready = next(each for each in here.policy.status.conditions if each.type == "ReceiversReady")
    assert (ready.status, ready.reason) == ("False", "ReceiverUnreadable")


async def test_what_was_observed_is_kept_only_until_it_was_decided_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    await passes(engine, here, 1)
    assert len(here.parts.observations) == 1
    await passes(engine, here, 1)
    (remediation,) = here.store.remediations.values()
    assert (remediation.status.stage, here.parts.observations) == ("Acting", {})


async def test_a_record_that_a_person_deletes_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch)
    await passes(engine, here, 1)
    assert here.parts.observations
    for namespace, name in list(here.store.remediations):
        here.store.drop_remediation(namespace, name)
    engine._forget_deleted()
    assert here.parts.observations == {}


def two_places(monkeypatch: pytest.MonkeyPatch, *, ill: int) -> World:
    """Where two remediations at a time are gone on with, and nothing is done."""
    here = World(Script([RESTART] * 99), monkeypatch, mode="Observe")
    object.__setattr__(here.parts.settings, "max_concurrent", 2)
    break_apps(here, ill)
    return here


async def test_with_more_incidents_than_places_every_one_has_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Held ones are asked in every pass too, and must not keep the last from ever being looked at."""
    here = two_places(monkeypatch, ill=5)
    await passes(Engine(here.parts), here, 9)
    assert {each.status.stage.value for each in here.store.remediations.values()} == {"Blocked"}


async def test_what_is_understood_is_decided_on_before_others_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a storm would keep the evidence of all its incidents, and the first decision would come after the last reading."""
    here = two_places(monkeypatch, ill=6)
    engine = Engine(here.parts)
    await passes(engine, here, 3)  # the first writes all of them down and reads none
    assert stages(here) == ["Blocked"] * 2 + ["Detected"] * 4
    assert here.parts.observations == {}


async def test_while_more_come_than_can_be_read_they_are_only_written_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading takes the processor from noticing; what was read before is decided on all the same."""
    here = two_places(monkeypatch, ill=1)
    engine = Engine(here.parts)
    await passes(engine, here, 1)
    break_apps(here, 6)
    await passes(engine, here, 1)
    assert stages(here) == ["Blocked"] + ["Detected"] * 5
    await passes(engine, here, 1)
    assert stages(here) == ["Blocked"] + ["Detected"] * 3 + ["Understood"] * 2


async def test_what_came_under_another_policy_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    here = two_places(monkeypatch, ill=2)
    add_policy_of_stock(here)
    break_stock(here)
    engine = Engine(here.parts)
    await passes(engine, here, 1)
    of = {each.namespace: each.status.stage.value for each in here.store.remediations.values()}
    assert of == {"shop": "Understood", "stock": "Detected"}


async def test_refusals_are_written_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    here = World(Script([RESTART] * 9), monkeypatch, mode="Observe")
    break_apps(here, 3)
    engine = Engine(here.parts)
    await passes(engine, here, 1)
    patch, under_way, most = here.kube.patch, 0, 0

    async def slow(kind: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal under_way, most
        under_way += kind == "Remediation"
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        made = await patch(kind, *args, **kwargs)
        under_way -= kind == "Remediation"
        return made

    monkeypatch.setattr(here.kube, "patch", slow)
    await passes(engine, here, 1)
    assert {each.status.stage.value for each in here.store.remediations.values()} == {"Blocked"}
    assert most == 3


@pytest.mark.parametrize("places", [1, 2])
async def test_a_policy_with_more_than_can_be_read_leaves_a_place_to_the_others(
    monkeypatch: pytest.MonkeyPatch, places: int
) -> None:
    """In a storm in one namespace, what is held there is looked at again and again, and every look takes a while."""
    here = World(Script([RESTART] * 999), monkeypatch, mode="Observe")
    object.__setattr__(here.parts.settings, "max_concurrent", places)
    break_apps(here, 6)
    add_policy_of_stock(here)
    break_stock(here)
    engine, begun = Engine(here.parts), list[str]()

    async def slow(_: Any, case: Case) -> Remediation:
        begun.append(case.remediation.namespace)
        for _ in range(99):
            await asyncio.sleep(0)
        return case.remediation

    monkeypatch.setattr(stepping, "advance", slow)
    await passes(engine, here, 13)
    assert begun.count("stock") == 6, "in every other pass, since all can be looked at"
    assert begun.count("shop") == 12 * places - 6, "all other places"
