"""What the role allows, asked again while the watch runs: what is lost is noticed soon, and so is what is given back."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from planaria_operator.kube.errors import Forbidden, NotFound, Unavailable
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch import access
from planaria_operator.watch.access import keep_asking, require_watch
from planaria_operator.watch.errors import WatchFailed, WatchForbidden
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.sync import prime
from tests.watch.bodies import body, pod
from tests.watch.test_sync import Server


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    monkeypatch.setattr(access, "ASK_SECONDS", 0.02)
    monkeypatch.setattr(access, "SECONDS_OF_A_NAMESPACE", 0.0)
    return Feed(ClusterStore())


async def asking(server: Server, feed: Feed, namespaces: tuple[str, ...], then: Callable[[], Any]) -> None:
    """It goes on while nothing changes, and for a while after `then`."""
    await prime(server, feed, namespaces)
    task = asyncio.create_task(keep_asking(server, feed, namespaces))
    await asyncio.sleep(0.1)
    assert not task.done(), task
    then()
    try:
        await asyncio.wait_for(task, 0.3)
    except TimeoutError:
        return


async def test_a_watch_that_is_forbidden_ends_it_and_names_verb_and_resource(feed: Feed):
    server = Server(body("Namespace", "shop"))
    await prime(server, feed, ())
    server.forbidden = {"deployments"}
    with pytest.raises(WatchForbidden, match=r"allow to watch deployments\.apps at the cluster scope"):
        await require_watch(server, feed, ())
    with pytest.raises(WatchForbidden, match=r"watch deployments\.apps in namespace shop"):
        await require_watch(server, feed, ("shop",))


async def test_an_optional_watch_that_is_forbidden_is_done_without(feed: Feed):
    server = Server()
    server.forbidden = {"endpointslices"}
    await require_watch(server, feed, ())
    assert "EndpointSlice" not in feed.kinds


async def test_a_right_that_is_lost_while_the_watch_runs_ends_it(feed: Feed):
    server = Server(pod("a"))
    with pytest.raises(WatchForbidden, match="watch pods"):
        await asking(server, feed, (), lambda: server.forbidden.add("pods"))


async def test_an_optional_kind_that_may_be_watched_again_makes_it_begin_anew(feed: Feed):
    server = Server(pod("a"), body("Namespace", "shop"))
    server.forbidden = {"namespaces"}
    await require_watch(server, feed, ())
    await asking(server, feed, (), lambda: None)
    assert "Namespace" in feed.store.unwatched
    with pytest.raises(WatchFailed, match="Namespace may be watched again"):
        await asking(server, feed, (), server.forbidden.clear)
    await prime(server, feed, ())
    assert feed.store.unwatched == {}


@pytest.mark.parametrize("error", [Forbidden("no role"), NotFound("404 page not found")])
async def test_one_that_cannot_be_listed_does_not(feed: Feed, error: Any):
    server = Server(pod("a"))
    server.fail("list", "Approval", error, times=99)
    await asking(server, feed, (), lambda: None)
    assert server.calls["list", "Approval"] > 2


async def test_one_that_is_not_to_be_watched_is_not_asked_for(feed: Feed):
    server = Server(pod("a"), body("Namespace", "shop"))
    feed.skip("ClusterHealingPolicy", "only shop is watched", for_good=True)
    await asking(server, feed, ("shop",), lambda: None)
    assert server.calls["list", "ClusterHealingPolicy"] == 0


async def test_an_api_server_that_is_away_is_waited_for(feed: Feed):
    server, asked = Server(pod("a")), 0

    async def away(*_: Any, **__: Any) -> Any:
        nonlocal asked
        asked += 1
        raise Unavailable("no answer")

    await asking(server, feed, (), lambda: setattr(server, "create", away))
    assert asked > 1


def gone(server: Server, name: str, feed: Feed) -> None:
    feed.deliver("Namespace", "DELETED", server.objects.pop(("Namespace", "", name)))


def made(server: Server, name: str, feed: Feed) -> None:
    feed.deliver("Namespace", "ADDED", server.put(body("Namespace", name)))


@pytest.mark.parametrize(("happens", "left"), [(gone, "shop"), (made, "shop, back, new")])
async def test_with_every_namespace_that_goes_or_comes_the_watch_begins_anew(
    feed: Feed, happens: Callable[..., None], left: str
):
    server = Server(body("Namespace", "shop"), body("Namespace", "back"))
    name = "back" if happens is gone else "new"
    with pytest.raises(WatchFailed, match=f"namespaces {left} are there now"):
        await asking(server, feed, ("shop", "back", "new"), lambda: happens(server, name, feed))


async def test_a_namespace_that_is_not_watched_changes_nothing(feed: Feed):
    server = Server(body("Namespace", "shop"))
    await asking(server, feed, ("shop",), lambda: made(server, "other", feed))


class Roles(Server):
    """With a Role in each namespace but for those that are named `shut`."""

    def __init__(self, *bodies: JsonBody) -> None:
        super().__init__(*bodies)
        self.shut = {"gone"}

    async def create(self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False) -> JsonBody:
        asked = body["spec"]["resourceAttributes"].get("namespace")
        return {"status": {"allowed": asked not in self.shut}}

    async def pages(self, kind: str, namespace: str = "", **how: Any) -> Any:
        if namespace in self.shut:
            raise Forbidden(f"list {kind} {namespace}: no role")
        async for page in super().pages(kind, namespace, **how):
            yield page


async def test_a_role_that_goes_with_its_namespace_holds_up_no_other(feed: Feed):
    server = Roles(body("Namespace", "shop"), pod("a"))
    await asking(server, feed, ("shop", "gone"), lambda: None)
    assert feed.store.pod("shop", "a") is not None


async def test_a_namespace_that_is_made_anew_without_its_role_holds_up_no_other_and_is_watched_with_one(
    feed: Feed,
):
    server = Roles(body("Namespace", "shop"), body("Namespace", "gone"), pod("a"))
    await asking(server, feed, ("shop", "gone"), lambda: None)
    assert feed.store.pod("shop", "a") is not None
    with pytest.raises(WatchFailed, match="namespaces shop, gone are there now"):
        await asking(server, feed, ("shop", "gone"), server.shut.clear)


async def test_where_the_role_reaches_nowhere_it_is_the_role_that_is_wrong(feed: Feed):
    server = Roles(body("Namespace", "shop"), body("Namespace", "gone"))
    server.shut = {"shop", "gone"}
    with pytest.raises(WatchForbidden):
        await prime(server, feed, ("shop", "gone"))
