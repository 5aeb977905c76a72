from typing import Any

import pytest
from structlog.testing import capture_logs

from planaria_operator.app import build_feed
from planaria_operator.objects.meta import identity_of
from planaria_operator.objects.store import ClusterStore
from planaria_operator.settings import Settings
from planaria_operator.telemetry.metrics import REGISTRY
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import WATCHED
from tests.watch.bodies import approval, body, pod, policy, remediation


@pytest.fixture
def feed() -> Feed:
    return Feed(ClusterStore())


def test_every_watched_kind_finds_its_place_and_leaves_it_again(feed: Feed):
    bodies: dict[str, dict[str, Any]] = {kind: body(kind, "x", spec={}, status={}) for kind in WATCHED}
    bodies |= {"Pod": pod("x"), "HealingPolicy": policy("x"), "Remediation": remediation("x")}
    bodies |= {"Approval": approval("x")}
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


def test_an_unreadable_policy_is_said_once_and_kept_out_and_the_store_knows_why(feed: Feed):
    bad = policy("all", spec={"mode": "Sometimes"})
    with capture_logs() as lines:
        feed.deliver("HealingPolicy", "ADDED", bad)
        feed.deliver("HealingPolicy", "MODIFIED", bad)
    (line,) = lines
    assert (line["kind"], line["namespace"], line["name"]) == ("HealingPolicy", "shop", "all")
    assert "spec.mode" in line["error"]
    assert feed.store.policies == {}
    assert feed.store.unreadable == {identity_of("HealingPolicy", bad): line["error"]}


def test_a_policy_that_becomes_unreadable_is_no_longer_in_force(feed: Feed):
    feed.deliver("HealingPolicy", "ADDED", policy("all", version=1))
    feed.deliver("HealingPolicy", "MODIFIED", policy("all", version=2, spec={"mode": "Sometimes"}))
    assert feed.store.policies == {}
    feed.deliver("HealingPolicy", "MODIFIED", policy("all", version=3))
    assert list(feed.store.policies) == [("shop", "all")]
    assert feed.store.unreadable == {}
    feed.deliver("HealingPolicy", "MODIFIED", policy("all", version=4, spec={"mode": "Sometimes"}))
    assert len(feed.store.unreadable) == 1
    feed.deliver("HealingPolicy", "DELETED", policy("all", version=5, spec={"mode": "Sometimes"}))
    assert feed.store.unreadable == {}


def test_a_body_that_breaks_a_parser_does_not_break_the_watch(feed: Feed):
    feed.deliver(
        "Pod",
        "ADDED",
        pod("odd", spec={"containers": [{"name": "a", "resources": {"limits": {"memory": "much"}}}]}),
    )
    feed.deliver("Node", "ADDED", body("Node", "n", spec="not a mapping"))
    assert [each[:3] for each in feed.store.unreadable] == [("Pod", "shop", "odd"), ("Node", "", "n")]
    assert feed.store.identities("Pod") == {}


def test_a_skipped_kind_is_forgotten_with_what_could_not_be_read_of_it(feed: Feed):
    feed.deliver("Service", "ADDED", body("Service", "web", spec={"selector": {"app": "web"}}))
    feed.deliver("Service", "ADDED", body("Service", "odd", spec="not a mapping"))
    assert len(feed.store.unreadable) == 1
    feed.skip("Service", "no role")
    assert feed.store.unreadable == {}
    assert "Service" not in feed.kinds
    assert feed.store.identities("Service") == {}


def test_a_kind_that_was_lost_is_tried_again_and_counts_as_unwatched_until_it_was_listed(feed: Feed):
    feed.skip("Namespace", "no role")
    feed.try_again()
    assert feed.kinds == list(WATCHED)
    assert feed.store.unwatched == {"Namespace": "no role"}
    feed.had("Namespace")
    assert feed.store.unwatched == {}


def test_a_kind_that_is_lost_again_meanwhile_stays_unwatched_whatever_an_older_list_had(feed: Feed):
    feed.skip("Namespace", "no role")
    feed.had("Namespace")
    feed.deliver("Namespace", "MODIFIED", body("Namespace", "shop"))
    assert "Namespace" in feed.store.unwatched
    assert feed.store.namespace("shop") is None


def test_why_a_kind_is_not_watched_is_said_once(feed: Feed):
    with capture_logs() as lines:
        for why in ("no role", "no role", "not installed"):
            feed.try_again()
            feed.skip("Namespace", why)
    assert [(line["event"], line["why"]) for line in lines] == [
        ("a kind is not watched", "no role"),
        ("a kind is not watched", "not installed"),
    ]


def test_with_chosen_namespaces_policies_for_many_are_not_watched_and_it_is_said():
    known = ClusterStore()
    few = build_feed(Settings(namespaces=("shop", "api")), known)
    assert "ClusterHealingPolicy" not in few.kinds
    assert "shop, api" in known.unwatched["ClusterHealingPolicy"]
    few.try_again()
    assert "ClusterHealingPolicy" not in few.kinds
    assert "ClusterHealingPolicy" in build_feed(Settings(), ClusterStore()).kinds
