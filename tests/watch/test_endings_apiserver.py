"""Why a watch ends: each reason is one exception with one clear line, whatever kopf makes of it."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from planaria_operator.kube.answers import Attempt
from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import NotFound
from planaria_operator.kube.interface import JsonBody
from planaria_operator.kube.paths import group_of, resource_of
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch import access
from planaria_operator.watch.errors import MissingKind, WatchError, WatchFailed, WatchForbidden
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.kinds import WATCHED
from planaria_operator.watch.run import watch
from planaria_operator.watch.sync import prime
from tests.e2e.proxy import ApiProxy
from tests.kube.real import eventually, make_account, post, with_token

pytestmark = pytest.mark.apiserver

QUIET = 3600.0


class SpoilingProxy(ApiProxy):
    """Ends every watch on pods with an error of the server's."""

    spoil = False

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if self.spoil and request.path.endswith("/pods") and "watch" in request.query:
            status = {"kind": "Status", "code": 500, "reason": "InternalError", "message": "etcd is unhappy"}
            line = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
            return web.Response(body=line, content_type="application/json")
        return await super()._pass_on(request)


@pytest.fixture
async def proxy(kubeconfig: Path) -> AsyncIterator[SpoilingProxy]:
    between = SpoilingProxy(kubeconfig)
    await between.start()
    yield between
    await between.stop()


@pytest.fixture
async def kube(proxy: SpoilingProxy, tmp_path: Path) -> AsyncIterator[KubeClient]:
    client = await connect(proxy.kubeconfig(tmp_path))
    yield client
    await client.close()


async def started(kube: KubeClient, namespaces: tuple[str, ...], **options: Any) -> "asyncio.Task[None]":
    """A watch that has delivered something."""
    feed = Feed(ClusterStore())
    await prime(kube, feed, namespaces)
    task = asyncio.create_task(
        watch(feed, kube, namespaces, asyncio.Event(), **{"resync_seconds": QUIET, **options})
    )

    async def delivers() -> bool:
        return feed.store.last_event is not None or task.done()

    await eventually(delivers, "the watch delivers")
    return task


async def ending(task: "asyncio.Task[None]") -> WatchError:
    with pytest.raises(WatchError) as caught:
        await asyncio.wait_for(task, 30)
    assert "\n" not in str(caught.value)
    left = [t.get_name() for t in asyncio.all_tasks() if "/kopf/" in t.get_coro().cr_code.co_filename]  # type: ignore[union-attr]
    assert left == [], "a watch that goes on behind our back"
    return caught.value


async def test_an_error_event_in_a_watch_is_an_exception_with_the_servers_words(
    proxy: SpoilingProxy, kube: KubeClient, namespace: str
):
    task = await started(kube, (namespace,))
    proxy.spoil = True
    await proxy.stop()
    await proxy.start()
    error = await ending(task)
    assert type(error) is WatchFailed
    assert "etcd is unhappy" in str(error)


async def test_custom_resources_that_are_deleted_under_a_running_watch_are_named(
    proxy: SpoilingProxy, kube: KubeClient, namespace: str
):
    task = await started(kube, (namespace,))
    proxy.hide_group = True
    await proxy.stop()
    await proxy.start()
    error = await ending(task)
    assert type(error) is MissingKind
    assert "crds" in str(error).lower()


class Account:
    """A service account with a role in this test's hands."""

    def __init__(self, real: KubeClient, namespace: str) -> None:
        self._real, self._namespace = real, namespace
        self._name = f"edge-{secrets.token_hex(4)}"

    async def make(self, *, without: tuple[str, str] = ("", "")) -> KubeClient:
        """May list and watch everything that is watched, except one verb on one kind."""
        token = await make_account(self._real, self._namespace, self._name)
        rules = [self._rule(kind, [v for v in ("list", "watch") if (v, kind) != without]) for kind in WATCHED]
        base = "/apis/rbac.authorization.k8s.io/v1"
        await post(self._real, f"{base}/clusterroles", {"metadata": {"name": self._name}, "rules": rules})
        group = "rbac.authorization.k8s.io"
        binding: JsonBody = {
            "metadata": {"name": self._name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": self._name},
            "subjects": [{"kind": "ServiceAccount", "name": self._name, "namespace": self._namespace}],
        }
        await post(self._real, f"{base}/clusterrolebindings", binding)
        return with_token(self._real, token)

    @staticmethod
    def _rule(kind: str, verbs: list[str]) -> JsonBody:
        resource = resource_of(kind)
        return {"apiGroups": [group_of(resource)], "resources": [resource.plural], "verbs": verbs}

    async def take_role_away(self) -> None:
        for plural in ("clusterrolebindings", "clusterroles"):
            await delete(self._real, f"/apis/rbac.authorization.k8s.io/v1/{plural}/{self._name}")


async def delete(kube: KubeClient, path: str) -> None:
    await kube._transport.call(Attempt("delete", name=path), "DELETE", path)


@pytest.fixture
async def account(real: KubeClient, namespace: str) -> AsyncIterator[Account]:
    made = Account(real, namespace)
    yield made
    with contextlib.suppress(NotFound):
        await made.take_role_away()


async def test_a_role_that_may_only_list_and_watch_is_enough(account: Account, namespace: str):
    kube = await account.make()
    task = await started(kube, ())
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await kube.close()


async def test_a_watch_that_the_role_lacks_is_named_before_kopf_begins(account: Account, namespace: str):
    kube = await account.make(without=("watch", "Deployment"))
    error = await ending(await started(kube, ()))
    assert isinstance(error, WatchForbidden)
    assert "watch deployments.apps at the cluster scope" in str(error)
    await kube.close()


async def test_a_list_that_the_role_lacks_is_named_by_the_first_list(account: Account, namespace: str):
    kube = await account.make(without=("list", "Node"))
    with pytest.raises(WatchForbidden, match="not allowed to list nodes"):
        await prime(kube, Feed(ClusterStore()), ())
    await kube.close()


async def test_autoscalers_that_the_role_does_not_show_are_done_without(account: Account, namespace: str):
    kube = await account.make(without=("watch", "HorizontalPodAutoscaler"))
    task = await started(kube, ())
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await kube.close()


async def test_a_role_that_is_taken_away_later_ends_the_watch_with_its_verb(
    account: Account, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(access, "ASK_SECONDS", 1.0)
    kube = await account.make()
    task = await started(kube, ())
    await account.take_role_away()
    error = await ending(task)
    assert isinstance(error, WatchForbidden)
    assert "watch nodes" in str(error)
    await kube.close()
