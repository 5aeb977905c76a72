"""What nobody expected must end the process: an operator that no longer watches and goes on is worse than none."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from planaria_operator import app
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.store import ClusterStore
from planaria_operator.settings import Settings
from planaria_operator.watch.errors import WatchForbidden
from planaria_operator.watch.feed import Feed


class Engine:
    seeing = True

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()


async def test_an_unexpected_error_of_the_watch_ends_reconciling_and_is_raised(
    monkeypatch: pytest.MonkeyPatch,
):
    async def breaks(*_: Any, **__: Any) -> None:
        await asyncio.sleep(0)
        raise KeyError("getpwuid(): uid not found: 65532")

    monkeypatch.setattr(app, "watch", breaks)
    probes: Any = SimpleNamespace(synced=False, reconciles=lambda: None)
    kube: Any = FakeKube()
    engine: Any = Engine()
    stop = asyncio.Event()
    with pytest.raises(KeyError, match="getpwuid"):
        await asyncio.wait_for(
            app._watch_and_reconcile(Settings(), kube, Feed(ClusterStore()), None, engine, probes, stop), 10
        )
    assert stop.is_set()


async def test_what_is_no_longer_watched_is_not_healed_until_the_cluster_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
):
    seen: list[tuple[str, bool]] = []
    engine: Any = Engine()
    stop = asyncio.Event()

    async def reads(*_: Any) -> None:
        seen.append(("read", engine.seeing))

    async def ends(*_: Any, **__: Any) -> None:
        seen.append(("watch", engine.seeing))
        if len(seen) > 2:
            stop.set()
        else:
            raise WatchForbidden("a watch is no longer allowed: pods")

    monkeypatch.setattr(app, "prime", reads)
    monkeypatch.setattr(app, "watch", ends)
    monkeypatch.setattr(app, "WATCH_PAUSE_SECONDS", 0.0)
    probes: Any = SimpleNamespace(synced=False, reconciles=lambda: None)
    kube: Any = FakeKube()
    await asyncio.wait_for(
        app._watch_and_reconcile(Settings(), kube, Feed(ClusterStore()), None, engine, probes, stop), 10
    )
    assert seen == [("read", True), ("watch", True), ("read", False), ("watch", True)]
