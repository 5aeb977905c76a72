"""What nobody expected must end the process: an operator that no longer watches and goes on is worse than none."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from planaria_operator import app
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.store import ClusterStore
from planaria_operator.settings import Settings
from planaria_operator.watch.feed import Feed


class Engine:
    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()


async def test_an_unexpected_error_of_the_watch_ends_reconciling_and_is_raised(
    monkeypatch: pytest.MonkeyPatch,
):
    async def breaks(*_: Any) -> None:
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
