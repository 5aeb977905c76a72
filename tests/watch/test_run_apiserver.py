"""The watch against a real API server: it delivers, it forgets nothing, it waits, and it ends with a clear line."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from kubernetes.aio.client import ApiClient, Configuration

from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.errors import NotFound
from planaria_operator.kube.interface import PatchType
from planaria_operator.kube.paths import resource_of
from planaria_operator.objects.store import ClusterStore, View
from planaria_operator.watch import run
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import PARSERS
from planaria_operator.watch.run import watch
from planaria_operator.watch.sync import prime
from tests.kube.real import NOWHERE, deployment, eventually
from tests.watch.between import Relay, relay
from tests.watch.bodies import policy

pytestmark = pytest.mark.apiserver

QUIET = 3600.0
"""Seconds between resyncs where a test wants to see the watch alone."""


@asynccontextmanager
async def watching(kube: KubeClient, namespace: str, **options: Any) -> AsyncIterator[Feed]:
    feed, stop = Feed(ClusterStore()), asyncio.Event()
    await prime(kube, feed, (namespace,))
    task = asyncio.create_task(watch(feed, kube, (namespace,), stop, **{"resync_seconds": QUIET, **options}))
    try:
        yield feed
        assert not task.done(), task
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


async def fresh_views(kube: KubeClient, namespace: str) -> dict[tuple[str, ...], View]:
    kinds = [kind for kind in PARSERS if resource_of(kind).namespaced]
    views = [PARSERS[kind](body) for kind in kinds for body in await kube.list(kind, namespace)]
    return {view.meta.key: view for view in views}


def stored_views(feed: Feed) -> dict[tuple[str, ...], View]:
    kinds = [kind for kind in PARSERS if resource_of(kind).namespaced]
    return {view.meta.key: view for kind in kinds for view in feed.store._all(kind)}


async def same(kube: KubeClient, feed: Feed, namespace: str) -> bool:
    return stored_views(feed) == await fresh_views(kube, namespace)


async def churn(kube: KubeClient, namespace: str) -> None:
    """Scale up and down, roll, delete and make again, faster than anything settles."""
    for name in ("a", "b", "c"):
        await kube.create("Deployment", namespace, deployment(name, replicas=8, **NOWHERE))
    for replicas in (2, 12, 5):
        for name in ("a", "b"):
            await kube.patch(
                "Deployment", namespace, name, {"spec": {"replicas": replicas}}, patch_type=PatchType.MERGE
            )
    for pod in (await kube.list("Pod", namespace))[::2]:
        with contextlib.suppress(NotFound):  # scaled away in the meantime
            await kube.delete("Pod", namespace, pod["metadata"]["name"])
    template = {"spec": {"template": {"metadata": {"annotations": {"round": "2"}}}}}
    await kube.patch("Deployment", namespace, "a", template, patch_type=PatchType.MERGE)
    await kube.delete("Deployment", namespace, "c")
    await kube.create("HealingPolicy", namespace, policy("all", namespace=namespace, uid="-", version=0))


async def test_after_a_churn_the_store_equals_a_fresh_list(real: KubeClient, namespace: str):
    async with watching(real, namespace) as feed:
        await churn(real, namespace)

        async def settled() -> bool:
            before = await fresh_views(real, namespace)
            await asyncio.sleep(1)
            after = await fresh_views(real, namespace)
            return before == after == stored_views(feed)

        await eventually(settled, "the store equals a fresh list, and it lasts")
        assert list(feed.store.policies) == [(namespace, "all")]
        await real.delete("HealingPolicy", namespace, "all")
        await eventually(lambda: now_is(feed.store.policies == {}), "the deleted policy is forgotten")
        kept = feed.store.workload("Deployment", namespace, "b")
        assert kept
        assert len(feed.store.pods_of(kept)) == 5


async def delivering(feed: Feed) -> None:
    await eventually(lambda: now_is(feed.store.last_event is not None), "the watch delivers")


async def now_is(value: bool) -> bool:
    return value


def through(real: KubeClient, between: Relay, *, seconds: float = 5.0) -> KubeClient:
    """The administrator's client, by way of the relay."""
    known = real.configuration
    configuration = Configuration(host=f"https://127.0.0.1:{between.port}")
    configuration.verify_ssl = False  # the certificate names the server, not the relay
    configuration.cert_file, configuration.key_file = known.cert_file, known.key_file
    return KubeClient(ApiClient(configuration), timeout=seconds)


async def test_an_api_server_that_goes_away_is_waited_for_and_nothing_is_lost(
    real: KubeClient, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run, "PING_SECONDS", 0.2)
    async with relay(real.host) as between:
        kube = through(real, between)
        async with watching(kube, namespace) as feed:
            await delivering(feed)
            await between.stop()
            await real.create("Deployment", namespace, deployment("web", replicas=3, **NOWHERE))
            before = feed.store.last_event
            await asyncio.sleep(3)
            assert feed.store.last_event == before, "nothing can come through"
            assert stored_views(feed) == {}
            await between.start()

            async def caught_up() -> bool:
                return len(feed.store.identities("Pod")) == 3 and await same(real, feed, namespace)

            await eventually(caught_up, "what happened meanwhile has arrived")
            last = kube.last_success
            await eventually(lambda: now_is(kube.last_success != last), "pings go on")
        await kube.close()


async def test_a_watch_may_begin_while_the_api_server_is_away(real: KubeClient, namespace: str):
    async with relay(real.host) as between:
        kube = through(real, between)
        feed, stop = Feed(ClusterStore()), asyncio.Event()
        await prime(kube, feed, (namespace,))
        await between.stop()
        task = asyncio.create_task(watch(feed, kube, (namespace,), stop))
        await asyncio.sleep(1)
        assert not task.done()
        await between.start()
        await delivering(feed)
        stop.set()
        await asyncio.wait_for(task, 15)
        await kube.close()


async def test_a_watch_that_died_silently_is_put_right_by_the_periodic_list(real: KubeClient, namespace: str):
    async with relay(real.host) as between:
        kube = through(real, between)
        async with watching(kube, namespace, resync_seconds=2.0) as feed:
            await real.create("Deployment", namespace, deployment("old", replicas=2, **NOWHERE))
            await eventually(lambda: now_is(len(feed.store.identities("Pod")) == 2), "the watch delivers")
            between.hold()  # neither a byte nor an end on any connection: a firewall that forgot them
            await real.create("Deployment", namespace, deployment("new", replicas=1, **NOWHERE))
            await real.delete("Deployment", namespace, "old")

            async def put_right() -> bool:
                return await same(real, feed, namespace) and len(feed.store.identities("Pod")) == 1

            await eventually(put_right, "the periodic list has put it right", 90)
        await kube.close()


async def test_what_goes_before_the_watch_begins_is_forgotten_soon(real: KubeClient, namespace: str):
    await real.create("Deployment", namespace, deployment("old", replicas=0, **NOWHERE))
    feed, stop = Feed(ClusterStore()), asyncio.Event()
    await prime(real, feed, (namespace,))
    await real.delete("Deployment", namespace, "old")
    task = asyncio.create_task(watch(feed, real, (namespace,), stop, resync_seconds=QUIET))

    async def forgotten() -> bool:
        return feed.store.workload("Deployment", namespace, "old") is None

    await eventually(forgotten, "what no event tells of is compared", 30)
    stop.set()
    await asyncio.wait_for(task, 15)


async def test_the_rest_of_the_process_outlives_the_watch(real: KubeClient, namespace: str):
    """Kopf cancels whatever it finds in the loop when it ends; that must not be ours."""
    async with watching(real, namespace):
        ours = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(1)
    await asyncio.sleep(0.1)
    assert not ours.done()
    ours.cancel()


async def test_a_signal_stops_everything_through_the_one_flag(real: KubeClient, namespace: str):
    feed, stop = Feed(ClusterStore()), asyncio.Event()
    await prime(real, feed, (namespace,))
    task = asyncio.create_task(watch(feed, real, (namespace,), stop))
    await delivering(feed)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 15)
    assert stop.is_set()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_nothing_is_ever_written_to_what_is_watched(real: KubeClient, namespace: str):
    made = await real.create("Deployment", namespace, deployment("web", replicas=0, **NOWHERE))
    await real.create("HealingPolicy", namespace, policy("all", namespace=namespace, uid="-", version=0))
    async with watching(real, namespace) as feed:
        await delivering(feed)
        await asyncio.sleep(1)
    for kind, name in (("Deployment", "web"), ("HealingPolicy", "all")):
        meta = (await real.get(kind, namespace, name))["metadata"]
        assert not [key for key in meta.get("annotations", {}) if "kopf" in key]
        assert not meta.get("finalizers")
    assert (await real.get("Deployment", namespace, "web"))["spec"] == made["spec"]


async def test_a_user_id_without_a_name_watches_too(
    real: KubeClient, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    """As in a container whose image knows no user 65532."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 65532")

    monkeypatch.setattr("getpass.getuser", nameless)
    async with watching(real, namespace) as feed:
        await real.create("HealingPolicy", namespace, policy("all", namespace=namespace, uid="-", version=0))

        async def arrived() -> bool:
            return (namespace, "all") in feed.store.policies

        await eventually(arrived, "the watch delivers")
