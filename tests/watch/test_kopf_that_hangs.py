"""Kopf waits for ever for a task that lost its cancellation. A failure that is known is told all the same."""

import asyncio

import kopf
import pytest

from planaria_operator.watch import run
from planaria_operator.watch.errors import WatchFailed


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
