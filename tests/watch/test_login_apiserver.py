"""A service account token is rotated while the watch runs."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from planaria_operator.kube.client import KubeClient
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch.errors import WatchFailed
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.run import watch
from planaria_operator.watch.sync import prime
from tests.e2e.proxy import ApiProxy
from tests.kube.real import NOWHERE, deployment, eventually

pytestmark = pytest.mark.apiserver


class Doorman(ApiProxy):
    """Lets only the current token pass."""

    accepted = "first"
    refused = 0

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.accepted}":
            self.refused += 1
            status = {"kind": "Status", "code": 401, "reason": "Unauthorized", "message": "Unauthorized"}
            return web.json_response(status, status=401)
        return await super()._pass_on(request)


async def test_a_rotated_token_ends_the_watch_and_the_next_one_reads_it_anew(
    real: KubeClient, kubeconfig: Path, namespace: str
):
    door = Doorman(kubeconfig)
    await door.start()
    configuration = Configuration(host=f"http://127.0.0.1:{door.port}")
    mounted = {"token": "first"}

    def read_again(stale: Configuration) -> None:
        stale.api_key["BearerToken"] = f"Bearer {mounted['token']}"

    configuration.refresh_api_key_hook = read_again  # type: ignore[assignment]  # the library gives it no type
    configuration.api_key["BearerToken"] = "Bearer first"
    kube = KubeClient(ApiClient(configuration))
    feed, stop = Feed(ClusterStore()), asyncio.Event()
    await prime(kube, feed, (namespace,))
    task = asyncio.create_task(watch(feed, kube, (namespace,), stop))

    async def delivering() -> bool:
        return feed.store.last_event is not None

    await eventually(delivering, "the watch delivers")
    mounted["token"] = door.accepted = "second"
    await door.stop()
    await door.start()
    with pytest.raises(WatchFailed, match="no longer accepts the token"):
        await asyncio.wait_for(task, 60)
    assert door.refused > 0, "the old token was tried, or this shows nothing"

    task = asyncio.create_task(watch(feed, kube, (namespace,), stop))
    await real.create("Deployment", namespace, deployment("web", replicas=1, **NOWHERE))

    async def seen() -> bool:
        return feed.store.workload("Deployment", namespace, "web") is not None

    await eventually(seen, "the next watch has the new token")
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 30)
    await kube.close()
    await door.stop()
