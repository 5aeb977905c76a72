"""Lists beside the watches, against a server in memory: what counts as missed, and what only looks like it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from planaria_operator.kube.errors import Forbidden, NotFound, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import JsonBody, Page
from planaria_operator.objects.meta import identity_of
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch import sync
from planaria_operator.watch.errors import MissingKind, WatchFailed, WatchForbidden
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import WATCHED
from planaria_operator.watch.resources import parse_remediation
from planaria_operator.watch.sync import keep_in_sync, prime, resync
from tests.watch.bodies import body, pod, policy, remediation


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


@pytest.mark.parametrize("look", [prime, resync])
@pytest.mark.parametrize(
    ("kind", "make", "spec"),
    [
        ("Pod", pod, {"status": {"phase": "Failed"}}),
        ("HealingPolicy", policy, {"spec": {"mode": "Observe"}}),
        ("Remediation", remediation, {"status": {"stage": "Blocked"}}),
    ],
)
async def test_what_an_api_server_shows_after_its_etcd_went_back_is_believed(
    feed: Feed, between: list[Any], look: Any, kind: str, make: Any, spec: Any
):
    server = Server(make("a"))
    feed.deliver(kind, "MODIFIED", make("a", uid="a-uid", version=5000, **spec))
    await prime(server, feed, ())
    feed.deliver(kind, "MODIFIED", make("a", uid="a-uid", version=5001, **spec))
    restored = server.objects[kind, "shop", "a"]["metadata"]["resourceVersion"]
    await look(server, feed, ())
    assert feed.store.versions(kind) == {("shop", "a"): restored}


@pytest.mark.parametrize("look", [prime, resync])
async def test_what_was_written_while_a_list_was_read_is_not_taken_back_by_it(
    feed: Feed, between: list[Any], look: Any, monkeypatch: pytest.MonkeyPatch
):
    server = Server(remediation("a"))
    await prime(server, feed, ())
    pages = server.pages

    async def overtaken(kind: str, namespace: str = "", *, size: int = 0) -> AsyncIterator[Page]:
        async for page in pages(kind, namespace):
            if kind == "Remediation":
                feed.store.put_remediation(parse_remediation(remediation("a", uid="a-uid", version=5000)))
            yield page

    monkeypatch.setattr(server, "pages", overtaken)
    await look(server, feed, ())
    assert feed.store.versions("Remediation") == {("shop", "a"): "5000"}


async def test_the_last_count_above_zero_outlives_a_list(feed: Feed):
    scaled = body("Deployment", "web", spec={"replicas": 3})
    server = Server(scaled)
    await prime(server, feed, ())
    server.put({**scaled, "spec": {"replicas": 0}})
    await prime(server, feed, ())
    await prime(server, feed, ())
    web = feed.store.workload("Deployment", "shop", "web")
    assert web
    assert (web.desired, feed.store.last_known_replicas(web)) == (0, 3)


async def test_only_named_namespaces_are_read_and_cluster_wide_kinds_once(feed: Feed):
    places = [body("Namespace", name) for name in ("shop", "back", "other")]
    pods = (pod("a", namespace="shop"), pod("b", namespace="back"), pod("c", namespace="other"))
    server = Server(*places, *pods)
    await prime(server, feed, ("shop", "back"))
    assert sorted(view.meta.name for view in feed.store.pods()) == ["a", "b"]
    assert server.calls["list", "Node"] == 1
    assert server.calls["list", "Pod"] == 2


async def test_custom_resources_that_are_not_installed_are_named_with_the_command(feed: Feed):
    server = Server()
    server.fail("list", "HealingPolicy", NotFound("list HealingPolicy: 404 page not found"))
    with pytest.raises(MissingKind, match=r"HealingPolicy is not installed.*kubectl apply -f crds/"):
        await prime(server, feed, ())


async def test_a_needed_kind_that_may_not_be_listed_ends_it(feed: Feed):
    server = Server()
    server.fail("list", "Pod", Forbidden("list Pod: not allowed to list pods: no role"))
    with pytest.raises(WatchForbidden, match="not allowed to list pods"):
        await prime(server, feed, ())


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


@pytest.mark.parametrize("error", [Forbidden("no role yet"), NotFound("404 page not found")])
async def test_an_optional_kind_that_was_lost_for_a_moment_is_there_after_the_next_first_list(
    feed: Feed, error: Any
):
    everywhere = body("ClusterHealingPolicy", "base", spec={"namespaceSelector": {}})
    server = Server(everywhere, body("Namespace", "shop"))
    for kind in ("Namespace", "ClusterHealingPolicy"):
        server.fail("list", kind, error)
    await prime(server, feed, ())
    assert set(feed.store.unwatched) == {"Namespace", "ClusterHealingPolicy"}
    await prime(server, feed, ())
    assert feed.store.unwatched == {}
    assert feed.kinds == list(WATCHED)
    assert list(feed.store.policies) == [("", "base")]


@pytest.mark.parametrize("meta", [None, {"deletionTimestamp": "2026-11-23T12:00:00Z"}])
async def test_a_namespace_that_is_gone_or_going_is_not_read_and_the_others_are(feed: Feed, meta: Any):
    server = Server(body("Namespace", "shop"), pod("a"))
    if meta:
        going = body("Namespace", "gone")
        going["metadata"].update(meta)
        server.put(going)
    with capture_logs() as lines:
        await prime(server, feed, ("shop", "gone"))
    assert [call.namespace for call in server.made if call.kind == "Pod"] == ["shop"]
    assert [line["namespace"] for line in lines if "is not there" in line["event"]] == ["gone"]


async def test_without_any_of_the_named_namespaces_nothing_is_read_and_that_is_said(feed: Feed):
    server = Server(body("Namespace", "other"), pod("a", namespace="other"))
    with pytest.raises(WatchFailed, match="--namespace shop, back: none of them is there"):
        await prime(server, feed, ("shop", "back"))
    assert server.calls["list", "Pod"] == 0


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


@pytest.mark.parametrize("look", [prime, resync])
async def test_an_unreadable_object_that_went_unseen_is_forgotten(
    feed: Feed, between: list[Any], look: Callable[..., Any]
):
    server = Server(policy("bad", spec={"mode": "Sometimes"}))
    await prime(server, feed, ())
    server.objects.clear()
    await look(server, feed, ())
    assert feed.store.unreadable == {}, "else nothing would ever be done in its namespace again"


@pytest.fixture
async def keeping(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    """Compares soon after fresh lists, and otherwise not while a test runs."""
    monkeypatch.setattr(sync, "SECOND_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(sync, "SETTLE_SECONDS", 0.05)
    monkeypatch.setattr(sync, "AGAIN_SECONDS", 0.05, raising=False)
    monkeypatch.setattr(sync, "LOOK_SECONDS", 0.01)
    tasks: list[asyncio.Task[None]] = []

    def begin(server: Server, feed: Feed) -> None:
        tasks.append(asyncio.create_task(keep_in_sync(server, feed, (), period=3600.0)))

    yield begin
    for task in tasks:
        assert not task.done()
        task.cancel()


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not met():
            await asyncio.sleep(0.01)


async def settled(server: Server, feed: Feed, keeping: Callable[..., Any]) -> None:
    """In sync, and compared with a list since."""
    await prime(server, feed, ())
    keeping(server, feed)
    await until(lambda: server.calls["list", "Pod"] == 2)
    await asyncio.sleep(0.1)


async def test_what_went_before_the_watch_began_is_forgotten_soon_though_no_event_tells_of_it(
    feed: Feed, keeping: Callable[..., Any]
):
    server = Server(pod("goes"))
    await prime(server, feed, ())
    del server.objects["Pod", "shop", "goes"]
    keeping(server, feed)
    await until(lambda: not list(feed.store.pods()))


async def test_what_went_while_a_watch_had_lost_its_place_is_forgotten_soon_and_nothing_else_is_listed(
    feed: Feed, keeping: Callable[..., Any]
):
    server = Server(pod("goes"), stays := pod("stays"))
    await settled(server, feed, keeping)
    del server.objects["Pod", "shop", "goes"]
    feed.deliver("Pod", None, stays)
    await until(lambda: len(list(feed.store.pods())) == 1)
    await asyncio.sleep(0.1)
    assert server.calls["list", "Pod"] == 4, "a look and a second one, once"
    assert server.calls["list", "Node"] == 2


async def test_what_went_is_forgotten_soon_also_where_the_list_that_would_show_it_failed(
    feed: Feed, keeping: Callable[..., Any]
):
    server = Server(pod("goes"), stays := pod("stays"))
    await settled(server, feed, keeping)
    del server.objects["Pod", "shop", "goes"]
    server.fail("list", "Pod", Unavailable("no answer"), times=2)
    feed.deliver("Pod", None, stays)
    await until(lambda: len(list(feed.store.pods())) == 1)
    assert server.calls["list", "Node"] == 2, "what did not have to be compared again"


async def test_a_list_that_fails_is_not_asked_for_again_at_once(
    feed: Feed, keeping: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    server = Server(stays := pod("stays"))
    await settled(server, feed, keeping)
    monkeypatch.setattr(sync, "AGAIN_SECONDS", 3600.0)
    server.fail("list", "Pod", Unavailable("no answer"))
    feed.deliver("Pod", None, stays)
    await until(lambda: server.calls["list", "Pod"] == 3)
    await asyncio.sleep(0.2)
    assert server.calls["list", "Pod"] == 3


async def test_events_cause_no_list(feed: Feed, keeping: Callable[..., Any]):
    server = Server(pod("a"))
    await prime(server, feed, ())
    keeping(server, feed)
    await until(lambda: server.calls["list", "Pod"] == 2)
    feed.deliver("Pod", "MODIFIED", pod("a", version=2000))
    await asyncio.sleep(0.2)
    assert server.calls["list", "Pod"] == 2


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
