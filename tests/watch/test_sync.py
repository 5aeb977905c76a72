"""Lists beside the watches, against a server in memory: what counts as missed, and what only looks like it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from planaria_operator.kube.errors import Forbidden, NotFound, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import JsonBody, Page
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch import sync
from planaria_operator.watch.errors import MissingKind, WatchForbidden
from planaria_operator.watch.feed import Feed, identity_of
from planaria_operator.watch.sync import keep_in_sync, prime, resync
from tests.watch.bodies import body, pod, policy


class Server(FakeKube):
    """Allows everything, and lets a test do something between two looks."""

    def __init__(self, *bodies: JsonBody) -> None:
        super().__init__(*bodies)
        self.forbidden: set[str] = set()

    async def create(self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False) -> JsonBody:
        assert kind == "SelfSubjectAccessReview"
        plural = body["spec"]["resourceAttributes"]["resource"]
        return {"status": {"allowed": plural not in self.forbidden}}


@pytest.fixture
def feed() -> Feed:
    return Feed(ClusterStore())


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """What happens while resync waits for its second look."""
    happenings: list[Callable[[], Any]] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds == sync.SECOND_LOOK_SECONDS:
            for happening in happenings:
                happening()
        await real_sleep(0)

    monkeypatch.setattr("asyncio.sleep", sleep)
    return happenings


async def test_after_the_first_list_the_store_is_complete(feed: Feed):
    many = [pod(f"web-{number}") for number in range(120)]
    await prime(Server(*many, policy("all"), body("Node", "n1")), feed, ())
    assert len(list(feed.store.pods())) == 120
    assert list(feed.store.policies) == [("shop", "all")]
    assert feed.store.node("n1") is not None


async def test_a_list_after_a_watch_has_ended_forgets_what_went_in_the_meantime(feed: Feed):
    server = Server(pod("stays"), pod("goes"), policy("goes"))
    await prime(server, feed, ())
    del server.objects["Pod", "shop", "goes"]
    del server.objects["HealingPolicy", "shop", "goes"]
    await prime(server, feed, ())
    assert [view.meta.name for view in feed.store.pods()] == ["stays"]
    assert feed.store.policies == {}


async def test_only_named_namespaces_are_read_and_cluster_wide_kinds_once(feed: Feed):
    server = Server(pod("a", namespace="shop"), pod("b", namespace="back"), pod("c", namespace="other"))
    await prime(server, feed, ("shop", "back"))
    assert sorted(view.meta.name for view in feed.store.pods()) == ["a", "b"]
    assert server.calls["list", "Node"] == 1
    assert server.calls["list", "Pod"] == 2


async def test_custom_resources_that_are_not_installed_are_named_with_the_command(feed: Feed):
    server = Server()
    server.fail("list", "HealingPolicy", NotFound("list HealingPolicy: 404 page not found"))
    with pytest.raises(
        MissingKind, match=r"HealingPolicy is not installed.*kubectl apply -f crds/"
    ) as caught:
        await prime(server, feed, ())
    assert caught.value.exit_code == 3


async def test_a_needed_kind_that_may_not_be_listed_ends_it(feed: Feed):
    server = Server()
    server.fail("list", "Pod", Forbidden("list Pod: not allowed to list pods: no role"))
    with pytest.raises(WatchForbidden, match="not allowed to list pods") as caught:
        await prime(server, feed, ())
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("kind", ["Service", "EndpointSlice", "HorizontalPodAutoscaler", "Approval"])
async def test_an_optional_kind_that_may_not_be_listed_is_done_without(feed: Feed, kind: str):
    server = Server(pod("a"))
    server.fail("list", kind, Forbidden("no role"), times=9)
    await prime(server, feed, ())
    await resync(server, feed, ())
    assert kind not in feed.kinds
    assert server.calls["list", kind] == 1
    assert feed.store.pod("shop", "a") is not None


async def test_a_cluster_without_the_kind_approval_is_watched_without_it(feed: Feed):
    server = Server(pod("a"))
    server.fail("list", "Approval", NotFound("list Approval: 404 page not found"), times=9)
    await prime(server, feed, ())
    await resync(server, feed, ())
    assert "Approval" not in feed.kinds
    assert "kubectl apply -f crds/" in feed.store.unwatched["Approval"]
    assert feed.store.pod("shop", "a") is not None


async def test_an_api_server_that_is_away_is_for_the_caller_to_wait_for(feed: Feed):
    server = Server()
    server.fail("list", "Node", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await prime(server, feed, ())


async def test_nothing_is_corrected_where_nothing_was_missed(feed: Feed, between: list[Any]):
    server = Server(pod("a"), policy("all"))
    await prime(server, feed, ())
    assert await resync(server, feed, ()) == 0
    assert server.calls["list", "Pod"] == 2


async def test_what_pages_said_before_the_reading_began_again_does_not_count(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
):
    server = Server()

    async def pages(kind: str, namespace: str = "", *, size: int = 0) -> AsyncIterator[Page]:
        if kind == "Pod":
            yield Page([pod("gone")], begins=True)
            yield Page([pod("a")], begins=True)
            yield Page([pod("b")], begins=False)

    monkeypatch.setattr(server, "pages", pages)
    await prime(server, feed, ())
    assert {view.meta.name for view in feed.store.pods()} == {"a", "b"}


async def test_what_a_dead_watch_missed_is_put_right(feed: Feed, between: list[Any]):
    server = Server(pod("gone"), pod("changed"), pod("replaced", uid="old"))
    await prime(server, feed, ())
    del server.objects["Pod", "shop", "gone"]
    server.put(pod("new"))
    server.put(pod("changed", status={"phase": "Failed"}))
    server.put(pod("replaced", uid="young"))
    assert await resync(server, feed, ()) == 4
    names = {view.meta.name: view for view in feed.store.pods()}
    assert set(names) == {"new", "changed", "replaced"}
    assert names["changed"].phase == "Failed"
    assert names["replaced"].meta.uid == "young"


async def test_what_a_living_watch_delivers_in_the_meantime_is_no_correction(feed: Feed, between: list[Any]):
    server = Server(pod("leaving"))
    await prime(server, feed, ())
    leaving = server.objects.pop(("Pod", "shop", "leaving"))
    coming = server.put(pod("coming"))
    between.append(lambda: feed.deliver("Pod", "DELETED", leaving))
    between.append(lambda: feed.deliver("Pod", "ADDED", coming))
    assert await resync(server, feed, ()) == 0
    assert [view.meta.name for view in feed.store.pods()] == ["coming"]


async def test_an_object_that_lived_only_between_two_looks_does_not_come_back(feed: Feed, between: list[Any]):
    server = Server()
    await prime(server, feed, ())
    brief = server.put(pod("brief"))

    def comes_and_goes() -> None:
        feed.deliver("Pod", "ADDED", brief)
        del server.objects["Pod", "shop", "brief"]
        feed.deliver("Pod", "DELETED", brief)

    between.append(comes_and_goes)
    assert await resync(server, feed, ()) == 0
    assert list(feed.store.pods()) == []


async def test_an_unreadable_object_is_not_missed_again_and_again(feed: Feed, between: list[Any]):
    bad = policy("bad", spec={"mode": "Sometimes"})
    server = Server(bad)
    await prime(server, feed, ())
    assert feed.is_unreadable(identity_of("HealingPolicy", bad))
    assert await resync(server, feed, ()) == 0


async def test_a_watch_that_is_forbidden_later_ends_it_and_names_verb_and_resource(feed: Feed):
    server = Server()
    await prime(server, feed, ())
    server.forbidden = {"deployments"}
    with pytest.raises(WatchForbidden, match=r"allow to watch deployments\.apps at the cluster scope"):
        await resync(server, feed, ())
    with pytest.raises(WatchForbidden, match=r"watch deployments\.apps in namespace shop"):
        await resync(server, feed, ("shop",))


async def test_an_optional_watch_that_is_forbidden_is_done_without(feed: Feed):
    server = Server()
    server.forbidden = {"endpointslices"}
    await resync(server, feed, ())
    assert "EndpointSlice" not in feed.kinds


async def test_the_periodic_list_survives_an_api_server_that_is_away(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sync, "SECOND_LOOK_SECONDS", 0.0)
    server = Server(pod("a"))
    server.fail("list", "Node", Unavailable("no answer"), times=2)
    task = asyncio.create_task(keep_in_sync(server, feed, (), period=0.01))
    while feed.store.pod("shop", "a") is None:
        await asyncio.sleep(0.005)
        assert not task.done()
    task.cancel()
