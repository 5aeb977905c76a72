"""Kopf waits for ever for a task that lost its cancellation. A failure that is known is told all the same."""

import asyncio
from typing import Any

import kopf
import pytest

from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch import run
from planaria_operator.watch.errors import WatchFailed, WatchForbidden
from planaria_operator.watch.feed import Feed
from tests.watch.test_sync import Server


class Deaf:
    """A task of kopf's that does not hear the first time that it is cancelled."""

    heard = 0

    async def work(self) -> None:
        while self.heard < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.heard += 1


async def fail() -> None:
    raise RuntimeError("etcd is unhappy")


async def test_a_failure_is_told_although_kopf_never_ends(monkeypatch: pytest.MonkeyPatch):
    deaf = Deaf()

    async def spawn_tasks(**_: object) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(deaf.work(), name="deaf"), asyncio.create_task(fail(), name="failing")]

    async def run_tasks(tasks: list[asyncio.Task[None]], *, ignored: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(kopf, "spawn_tasks", spawn_tasks)
    monkeypatch.setattr(kopf, "run_tasks", run_tasks)
    monkeypatch.setattr(run, "AFTER_FAILURE_SECONDS", 0.05)
    # What tells kopf's tasks from ours is the folder that their code is in; these have theirs here.
    monkeypatch.setattr(run, "_KOPF_FOLDER", __file__)
    with pytest.raises(WatchFailed, match="etcd is unhappy"):
        await asyncio.wait_for(
            run._run_kopf(kopf.OperatorRegistry(), (), asyncio.Event(), asyncio.Event()), 20
        )
    assert deaf.heard == 2
    assert [task for task in asyncio.all_tasks() if task.get_name() == "deaf"] == []


async def test_that_a_right_is_lost_is_known_before_kopf_has_ended(monkeypatch: pytest.MonkeyPatch):
    happened: list[str] = []

    async def run_kopf(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            happened.append("kopf has ended")

    async def keep_asking(*_: object) -> None:
        raise WatchForbidden("the operator's role does not allow to watch pods")

    monkeypatch.setattr(run, "_run_kopf", run_kopf)
    monkeypatch.setattr(run, "keep_asking", keep_asking)
    monkeypatch.setattr(run, "LEAVE_SECONDS", 0.05)
    kube: Any = Server()
    kube.configuration = None
    with pytest.raises(WatchForbidden):
        await run.watch(
            Feed(ClusterStore()), kube, (), asyncio.Event(), blind=lambda: happened.append("blind")
        )
    assert happened == ["blind", "kopf has ended"]


async def test_that_a_watch_has_died_is_known_before_kopf_has_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "WATCHES_SECONDS", 0.01)
    monkeypatch.setattr(run, "LEAVE_SECONDS", 0.2)
    told: list[float] = []
    clock = asyncio.get_running_loop().time
    short = asyncio.create_task(asyncio.sleep(0.1), name="watcher for pods")
    with pytest.raises(WatchFailed, match="watcher for pods ended"):
        await run._fail_when_a_watch_ends(lambda: told.append(clock()))
    assert short.done()
    assert clock() - told[0] >= 0.2
