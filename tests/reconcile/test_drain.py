"""A drain in rounds: what comes next stands in the record, and each pod is moved once."""

from typing import Any

import pytest

from planaria_operator.api.reasons import Reason
from tests.reconcile.draining import Town, applied, drain_of, executed, told


async def test_a_round_waits_until_the_pods_of_the_one_before_are_ready_elsewhere(town: Town):
    await town.begin()
    closed = await town.step()
    assert (drain_of(closed).total, drain_of(closed).round, town.evicted) == (5, 0, [])
    await town.step()
    assert town.evicted == ["front-0", "front-1"]
    for _ in range(5):
        waiting = await town.step(1)
    assert town.evicted == ["front-0", "front-1"], "their replacements are not there yet"
    assert executed(waiting) == (
        Reason.DRAINING,
        "2 of 5 pods moved; waits for shop/front (0 of 2 pods ready elsewhere)",
    )
    town.replace_evicted(ready=False)
    await town.step(1)
    assert len(town.evicted) == 2, "there, and not ready"

    town.restart()
    town.make_ready()
    await town.step(1)
    assert town.evicted == ["front-0", "front-1", "front-2", "cart-0"]


async def test_every_pod_is_moved_once_and_the_timeline_counts(town: Town):
    await town.begin()
    found = await town.until(applied, replacing=True)
    assert town.evicted == ["front-0", "front-1", "front-2", "cart-0", "cart-1"]
    assert told(found, Reason.DRAIN_ROUND) == [
        "Node/node-1: 0 of 5 pods moved; evicts shop/front-0, shop/front-1",
        "Node/node-1: 2 of 5 pods moved; evicts shop/front-2, shop/cart-0",
        "Node/node-1: 4 of 5 pods moved; evicts shop/cart-1",
    ]
    assert executed(found) == (
        Reason.ACTION_APPLIED,
        "isolate Node/node-1: cordon node node-1; 5 of 5 pods moved in 3 rounds",
    )
    assert told(found, Reason.DRAIN_STOPPED) == []


async def test_a_process_that_dies_after_any_call_moves_each_pod_once(monkeypatch: pytest.MonkeyPatch):
    """After the n-th call that changed something the process is gone, before it could write down that it was made."""

    class Killed(BaseException):
        pass

    for deadly in range(1, 7):
        town = Town(monkeypatch)
        await town.begin()
        armed = [deadly]
        real = town.kube.evict, town.kube.patch

        async def evict(*args: Any, real: Any = real[0], armed: Any = armed, **more: Any) -> None:
            await real(*args, **more)
            armed[0] -= 1
            if armed[0] == 0:
                raise Killed

        async def patch(*args: Any, real: Any = real[1], armed: Any = armed, **more: Any) -> Any:
            done = await real(*args, **more)
            armed[0] -= 1
            if armed[0] == 0:
                raise Killed
            return done

        monkeypatch.setattr(town.kube, "evict", evict)
        monkeypatch.setattr(town.kube, "patch", patch)
        deaths, found = 0, None
        for _ in range(40):
            try:
                found = await town.step(1)
            except Killed:
                deaths += 1
                town.restart()
            town.replace_evicted()
            if found is not None and applied(found):
                break
        assert deaths == 1, f"died {deaths} times with {deadly}"
        assert found is not None
        assert applied(found)
        assert town.evicted == ["front-0", "front-1", "front-2", "cart-0", "cart-1"]
        assert [call.verb for call in town.kube.changes if call.kind == "Node"] == ["patch"]
        assert drain_of(found).moved == 5
