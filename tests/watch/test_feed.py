from typing import Any

import pytest

from planaria_operator.app import build_feed
from planaria_operator.objects.store import ClusterStore
from planaria_operator.settings import Settings
from planaria_operator.telemetry.metrics import REGISTRY
from planaria_operator.watch.feed import Feed, identity_of
from planaria_operator.watch.kinds import WATCHED
from tests.watch.bodies import body, pod, policy, remediation

Reports = list[tuple[str, str, str, str]]


@pytest.fixture
def reports() -> Reports:
    return []


@pytest.fixture
def feed(reports: Reports) -> Feed:
    return Feed(ClusterStore(), lambda *report: reports.append(report))


def test_every_watched_kind_finds_its_place_and_leaves_it_again(feed: Feed):
    bodies: dict[str, dict[str, Any]] = {kind: body(kind, "x", spec={}, status={}) for kind in WATCHED}
    bodies |= {"Pod": pod("x"), "HealingPolicy": policy("x"), "Remediation": remediation("x")}
    for kind in WATCHED:
        feed.deliver(kind, "ADDED", bodies[kind])
        assert list(feed.store.identities(kind).values()) == ["x-uid"], kind
    for kind in WATCHED:
        feed.deliver(kind, "DELETED", bodies[kind])
        assert feed.store.identities(kind) == {}, kind


def test_a_delivery_leaves_its_time_in_the_store_and_in_the_metric(feed: Feed):
    feed.deliver("Pod", None, pod("a"))
    assert feed.store.last_event is not None
    shown = REGISTRY.get_sample_value("planaria_watch_last_event_timestamp_seconds")
    assert shown == feed.store.last_event.timestamp()


def test_a_late_deletion_spares_a_namesake(feed: Feed):
    feed.deliver("Pod", "ADDED", pod("web-0", uid="old", version=1))
    feed.deliver("Pod", "ADDED", pod("web-0", uid="new", version=5))
    feed.deliver("Pod", "DELETED", pod("web-0", uid="old", version=3))
    found = feed.store.pod("shop", "web-0")
    assert found
    assert found.meta.uid == "new"


def test_a_late_change_of_a_gone_object_does_not_replace_its_namesake(feed: Feed):
    feed.deliver("Pod", "ADDED", pod("web-0", uid="new", version=5))
    feed.deliver("Pod", "MODIFIED", pod("web-0", uid="old", version=2))
    found = feed.store.pod("shop", "web-0")
    assert found
    assert found.meta.uid == "new"


@pytest.mark.parametrize(("kind", "make"), [("HealingPolicy", policy), ("Remediation", remediation)])
def test_the_same_holds_for_our_own_kinds(feed: Feed, kind: str, make: Any):
    feed.deliver(kind, "ADDED", make("x", uid="new", version=5))
    feed.deliver(kind, "DELETED", make("x", uid="old", version=3))
    assert feed.store.identities(kind) == {("shop", "x"): "new"}


def test_an_unreadable_policy_is_reported_once_and_kept_out(feed: Feed, reports: Reports):
    bad = policy("all", spec={"mode": "Sometimes"})
    feed.deliver("HealingPolicy", "ADDED", bad)
    feed.deliver("HealingPolicy", "MODIFIED", bad)
    ((kind, namespace, name, message),) = reports
    assert (kind, namespace, name) == ("HealingPolicy", "shop", "all")
    assert "spec.mode" in message
    assert feed.store.policies == {}
    assert feed.is_unreadable(identity_of("HealingPolicy", bad))


def test_a_policy_that_becomes_unreadable_is_no_longer_in_force(feed: Feed, reports: Reports):
    feed.deliver("HealingPolicy", "ADDED", policy("all", version=1))
    feed.deliver("HealingPolicy", "MODIFIED", policy("all", version=2, spec={"mode": "Sometimes"}))
    assert feed.store.policies == {}
    feed.deliver("HealingPolicy", "MODIFIED", policy("all", version=3))
    assert list(feed.store.policies) == [("shop", "all")]
    feed.deliver("HealingPolicy", "MODIFIED", policy("all", version=4, spec={"mode": "Sometimes"}))
    assert len(reports) == 2


def test_a_body_that_breaks_a_parser_does_not_break_the_watch(feed: Feed, reports: Reports):
    feed.deliver(
        "Pod",
        "ADDED",
        pod("odd", spec={"containers": [{"name": "a", "resources": {"limits": {"memory": "much"}}}]}),
    )
    feed.deliver("Node", "ADDED", body("Node", "n", spec="not a mapping"))
    assert [report[:3] for report in reports] == [("Pod", "shop", "odd"), ("Node", "", "n")]
    assert feed.store.identities("Pod") == {}


def test_a_skipped_kind_is_forgotten(feed: Feed):
    feed.deliver("Service", "ADDED", body("Service", "web", spec={"selector": {"app": "web"}}))
    feed.skip("Service", "no role")
    assert "Service" not in feed.kinds
    assert feed.store.identities("Service") == {}


def test_with_chosen_namespaces_policies_for_many_are_not_watched_and_it_is_said():
    known = ClusterStore()
    few = build_feed(Settings(namespaces=("shop", "api")), known)
    assert "ClusterHealingPolicy" not in few.kinds
    assert "shop, api" in known.unwatched["ClusterHealingPolicy"]
    assert "ClusterHealingPolicy" in build_feed(Settings(), ClusterStore()).kinds
