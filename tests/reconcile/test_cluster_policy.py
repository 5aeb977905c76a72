"""What one pass does under a policy for many namespaces, and between policies that select the same target."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from planaria_operator.api.actions import Mode
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.engine import Engine
from planaria_operator.telemetry import metrics
from planaria_operator.watch.feed import Feed
from tests import builders
from tests.reconcile.harness import RESTART, Script, World, condition, policy_body
from tests.reconcile.passes import passes

FRONT = builders.deployment()
SET = builders.replica_set(FRONT)
BACK = builders.deployment("back", namespace="stock", uid="uid-back")
BASE = builders.cluster_policy()


def sick_pod(name: str, owner: Any, **fields: Any) -> Any:
    made = builders.pod(
        name, owner, ready=False, ready_since=builders.ago(120), started_at=builders.ago(900), **fields
    )
    return replace(made, meta=replace(made.meta, namespace=owner.meta.namespace))


def world(monkeypatch: pytest.MonkeyPatch, *policies: HealingPolicy) -> tuple[World, Engine]:
    """Two namespaces with a sick workload each, under these policies alone."""
    here = World(Script([RESTART] * 40), monkeypatch)
    here.store.policies.clear()
    here.kube.objects.clear()
    for each in policies:
        enter(here, each)
    spaces = [builders.space(name) for name in ("shop", "stock", "planaria-system")]
    for view in (
        *spaces,
        SET,
        BACK,
        sick_pod("front-0", SET),
        sick_pod("back-0", BACK),
        builders.node("node-1"),
    ):
        here.store.put(view)
    return here, Engine(here.parts)


def enter(here: World, policy: HealingPolicy) -> None:
    here.kube.put(policy_body(policy))
    here.store.put_policy(policy)


def opened(here: World) -> dict[tuple[str, str], str]:
    """The policy of each Remediation that is not finished, by namespace and target."""
    records = (each for each in here.store.remediations.values() if not each.status.finished)
    return {
        (each.namespace, each.spec.target.name): f"{each.spec.policy_kind} {each.spec.policy}"
        for each in records
    }


def said(here: World, policy: HealingPolicy, kind: str) -> tuple[str, str, str]:
    conditions = here.store.policies[policy.key].status.conditions
    found = next(each for each in conditions if each.type == kind)
    return found.status.value, found.reason, found.message


async def test_each_target_has_its_record_in_its_own_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch, BASE)
    await passes(engine, here)
    assert opened(here) == {
        ("shop", "front"): "ClusterHealingPolicy base",
        ("stock", "back"): "ClusterHealingPolicy base",
    }
    assert said(here, BASE, "Ready") == (
        "True",
        "PolicyReady",
        "Enforce: 2 workloads selected in 2 namespaces",
    )
    assert said(here, BASE, "Overlapped")[:2] == ("False", "NotOverlapped")


async def test_the_record_is_owned_by_the_policy_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch, BASE)
    await passes(engine, here, 1)
    bodies = [body for (kind, *_), body in here.kube.objects.items() if kind == "Remediation"]
    owners = [
        (owner["kind"], owner["name"], owner["uid"])
        for b in bodies
        for owner in b["metadata"]["ownerReferences"]
    ]
    assert owners == [("ClusterHealingPolicy", "base", BASE.uid)] * 2


async def test_what_is_written_into_the_status_goes_to_the_policy_of_its_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    namesake = builders.policy("base", namespace="stock")
    here, engine = world(monkeypatch, BASE, namesake)
    await passes(engine, here, 6)
    assert here.kube.objects["ClusterHealingPolicy", "", "base"]["status"]["targets"] == 2
    assert here.kube.objects["HealingPolicy", "stock", "base"]["status"]["targets"] == 1
    reservations = {
        policy.kind: [(each.namespace, each.target) for each in policy.status.reservations]
        for policy in here.store.policies.values()
    }
    assert reservations == {
        "HealingPolicy": [],  # the script decides about front alone
        "ClusterHealingPolicy": [("shop", "Deployment/front")],
    }


async def test_the_most_specific_heals_and_the_others_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own, later = builders.policy("own"), builders.policy("later")
    narrow = builders.cluster_policy("narrow", namespaces={"kubernetes.io/metadata.name": "stock"})
    here, engine = world(monkeypatch, BASE, narrow, own, later)
    await passes(engine, here)
    assert opened(here) == {
        ("shop", "front"): "HealingPolicy later",
        ("stock", "back"): "ClusterHealingPolicy narrow",
    }
    assert said(here, BASE, "Overlapped") == (
        "True",
        "Overlapping",
        "2 of 2 targets are healed under ClusterHealingPolicy narrow (1), HealingPolicy shop/later (1)",
    )
    assert said(here, own, "Overlapped")[2] == "1 of 1 targets are healed under HealingPolicy shop/later (1)"
    assert said(here, BASE, "Ready")[:2] == ("True", "Overlapping")


async def test_who_cannot_be_read_keeps_its_targets_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a rollback of the operator, when a policy in Observe lists an action that only the newer version knows."""
    own = builders.policy("own", mode=Mode.OBSERVE)
    here, engine = world(monkeypatch, BASE, own)
    feed, known = Feed(here.store), here.kube.objects["HealingPolicy", "shop", "own"]
    newer = {**known, "spec": {**known["spec"], "actions": [{"type": "quarantine"}]}}
    feed.deliver("HealingPolicy", "MODIFIED", newer)
    await passes(engine, here, 6)
    held = next(each for each in here.store.remediations.values() if each.namespace == "shop")
    executed = condition(held, "Executed")
    assert (held.status.attempts, executed.reason) == ((), "PolicyUnreadable")
    assert "HealingPolicy own cannot be read" in executed.message
    assert "quarantine" in executed.message
    feed.deliver("HealingPolicy", "MODIFIED", known)
    await passes(engine, here, 6)
    assert opened(here)["shop", "front"] == "HealingPolicy own"


async def test_a_policy_that_takes_over_begins_anew_and_nothing_is_treated_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watching = builders.cluster_policy(mode=Mode.OBSERVE)
    here, engine = world(monkeypatch, watching)
    await passes(engine, here)
    own = builders.policy("own", mode=Mode.OBSERVE)
    enter(here, own)
    here.now += builders.NOW - builders.ago(61)
    await passes(engine, here, 4)
    assert opened(here) == {
        ("shop", "front"): "HealingPolicy own",
        ("stock", "back"): "ClusterHealingPolicy base",
    }
    assert _endings(here, "base") == ["HandedOver: HealingPolicy shop/own has the target now"]


async def test_what_is_being_done_is_brought_to_its_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch, BASE)
    await passes(engine, here, 5)
    front = next(each for each in here.store.remediations.values() if each.spec.target.name == "front")
    assert front.status.stage == "Verifying"
    enter(here, builders.policy("own"))
    await passes(engine, here, 5)
    assert opened(here)["shop", "front"] == "ClusterHealingPolicy base"


async def test_a_lost_node_is_one_record_in_the_operators_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch, BASE)
    _lose(here)
    await passes(engine, here, 1)
    assert opened(here) == {("planaria-system", "node-1"): "ClusterHealingPolicy base"}


async def test_a_lost_node_is_not_treated_twice_between_two_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch, BASE, builders.policy("own"))
    _lose(here)
    await passes(engine, here, 1)
    records = sorted(here.store.remediations.values(), key=lambda each: each.namespace)
    assert [(each.namespace, _pods(each)) for each in records] == [
        ("planaria-system", {"back-0"}),
        ("shop", {"front-0"}),
    ]


async def test_a_lost_node_that_two_would_isolate_has_one_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    isolating: dict[str, Any] = {"actions": [{"type": "isolate"}]}
    shop = builders.cluster_policy("b", namespaces={"kubernetes.io/metadata.name": "shop"}, **isolating)
    stock = builders.cluster_policy("c", namespaces={"kubernetes.io/metadata.name": "stock"}, **isolating)
    here, engine = world(monkeypatch, shop, stock)
    _lose(here)
    held: dict[str, dict[str, str]] = {}

    async def seen(_: Any, case: Any) -> Remediation:
        held[case.policy.name] = dict(case.weather.held_nodes)
        found: Remediation = case.remediation
        return found

    monkeypatch.setattr("planaria_operator.reconcile.engine.advance", seen)
    await passes(engine, here)
    assert held == {"b": {}, "c": {"node-1": "ClusterHealingPolicy b"}}


async def test_where_the_operators_namespace_is_not_there_the_record_of_a_node_is_in_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch, BASE)
    here.store.home = "nowhere"
    _lose(here)
    await passes(engine, here, 1)
    assert opened(here) == {("default", "node-1"): "ClusterHealingPolicy base"}


async def test_without_a_view_of_namespaces_it_is_not_ready_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch, BASE)
    for name in ("shop", "stock", "planaria-system"):
        here.store.discard("Namespace", "", name, builders.uid_of("Namespace", name))
    here.store.unwatched["Namespace"] = "the operator's role does not allow to watch namespaces"
    await passes(engine, here)
    assert opened(here) == {}
    assert said(here, BASE, "Ready")[:2] == ("False", "NamespacesUnknown")


async def test_what_is_open_stays_so_where_its_namespace_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch, builders.cluster_policy(mode=Mode.OBSERVE))
    await passes(engine, here)
    here.store.discard("Namespace", "", "shop", builders.uid_of("Namespace", "shop"))
    here.now += timedelta(seconds=61)
    await passes(engine, here)
    assert ("shop", "front") in opened(here)


async def test_what_is_open_ends_where_its_namespace_is_not_chosen_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = builders.cluster_policy(mode=Mode.OBSERVE, namespaces={"heal": "yes"})
    here, engine = world(monkeypatch, chosen)
    here.store.put(builders.space(labels={"heal": "yes"}))
    await passes(engine, here)
    assert list(opened(here)) == [("shop", "front")]
    here.store.put(builders.space())
    await passes(engine, here)
    assert opened(here) == {}
    assert _endings(here, "base") == [
        "NotSelected: ClusterHealingPolicy base does not select Deployment/front any more"
    ]


async def test_the_metrics_name_a_policy_for_many_namespaces_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch, BASE)
    await passes(engine, here, 1)
    labels = {"policy": "base"}
    assert metrics.REGISTRY.get_sample_value("planaria_budget_limit_actions", labels) == 10


def test_both_kinds_share_a_table_and_are_told_apart() -> None:
    known = ClusterStore()
    known.put_policy(BASE)
    known.put_policy(builders.policy("base"))
    assert known.identities("ClusterHealingPolicy") == {("", "base"): BASE.uid}
    assert list(known.identities("HealingPolicy")) == [("shop", "base")]
    known.discard("ClusterHealingPolicy", "", "base", BASE.uid)
    assert list(known.policies) == [("shop", "base")]


def _lose(here: World) -> None:
    here.store.put(builders.node("node-1", ready=False, ready_since=builders.ago(121)))


def _pods(remediation: Remediation) -> set[str]:
    return {
        each.subject.partition("/")[2]
        for each in remediation.spec.symptoms
        if each.subject.startswith("Pod/")
    }


def _endings(here: World, policy: str) -> list[str]:
    records = (each for each in here.store.remediations.values() if each.spec.policy == policy)
    found = (each.status.condition("Succeeded") for each in records if each.status.finished)
    return [f"{each.reason}: {each.message}" for each in found if each]
