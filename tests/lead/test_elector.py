"""Who leads, by a clock that the test moves."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import pytest

from planaria_operator.kube.errors import Conflict, Forbidden, NotLeading, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.fenced import FencedKube
from planaria_operator.kube.interface import JsonBody, PatchType
from planaria_operator.lead.elector import LEASE_NAME, Elector
from planaria_operator.lead.lease import Timing
from tests.clock import Clock

T = TypeVar("T")
QUICK = Timing(lease=15, deadline=10.0, retry=0.01)
"""Tries come at once; what counts as late is the test's clock."""
NAMESPACE = "planaria-system"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kube() -> FakeKube:
    return FakeKube()


def elector(kube: FakeKube, name: str, clock: Clock) -> Elector:
    return Elector(kube, NAMESPACE, name, timing=QUICK, clock=clock)


def spec(kube: FakeKube) -> JsonBody:
    found: JsonBody = kube.objects["Lease", NAMESPACE, LEASE_NAME]["spec"]
    return found


async def within(call: Awaitable[T], seconds: float = 5.0) -> T:
    return await asyncio.wait_for(call, seconds)


async def still_waits(task: "asyncio.Task[Any]") -> bool:
    await asyncio.sleep(0.1)
    return not task.done()


async def test_the_first_to_come_leads_and_says_so_in_the_lease(kube: FakeKube, clock: Clock):
    one = elector(kube, "one", clock)
    assert await within(one.win(asyncio.Event()))
    assert one.leading
    assert spec(kube) | {"acquireTime": "", "renewTime": ""} == {
        "holderIdentity": "one",
        "leaseDurationSeconds": 15,
        "acquireTime": "",
        "renewTime": "",
        "leaseTransitions": 0,
    }


async def test_the_second_waits_as_long_as_the_lease_is_renewed(kube: FakeKube, clock: Clock):
    one, two, stop = elector(kube, "one", clock), elector(kube, "two", clock), asyncio.Event()
    await within(one.win(stop))
    holding, waiting = asyncio.create_task(one.hold(stop)), asyncio.create_task(two.win(stop))
    for _ in range(6):
        await asyncio.sleep(0.05)
        clock.now += 6
    assert await still_waits(waiting)
    assert (one.leading, two.leading, two.holder) == (True, False, "one")
    stop.set()
    await within(holding)
    assert await within(waiting) is False


async def test_a_lease_that_nobody_renews_is_taken_after_its_time_by_the_waiting_ones_clock(
    kube: FakeKube, clock: Clock
):
    one, two, stop = elector(kube, "one", clock), elector(kube, "two", clock), asyncio.Event()
    await within(one.win(stop))
    waiting = asyncio.create_task(two.win(stop))
    await asyncio.sleep(0.1)
    clock.now += 14.9
    assert await still_waits(waiting)
    assert not one.leading, "it stopped acting before anybody else may begin"
    clock.now += 0.2
    assert await within(waiting)
    assert (spec(kube)["holderIdentity"], spec(kube)["leaseTransitions"]) == ("two", 1)


async def test_a_leader_that_was_frozen_changes_nothing_when_it_wakes(kube: FakeKube, clock: Clock):
    one = elector(kube, "one", clock)
    await within(one.win(asyncio.Event()))
    hands = FencedKube(kube, one.check)
    kube.put({"kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}})
    await hands.get("Pod", "shop", "p")
    clock.now += 11
    before = len(kube.made)
    for change in (
        hands.evict("shop", "p", uid=""),
        hands.delete("Pod", "shop", "p"),
        hands.create("Pod", "shop", {"metadata": {"name": "q"}}),
        hands.patch("Pod", "shop", "p", {}, patch_type=PatchType.MERGE),
    ):
        with pytest.raises(NotLeading, match="one does not hold the Lease planaria-system/planaria-operator"):
            await change
    assert len(kube.made) == before
    await hands.get("Pod", "shop", "p")


async def test_a_leader_that_cannot_renew_ends_at_its_deadline(kube: FakeKube, clock: Clock):
    one, stop = elector(kube, "one", clock), asyncio.Event()
    await within(one.win(stop))
    kube.fail("get", "Lease", Unavailable("get Lease: no answer"), times=1000)
    holding = asyncio.create_task(one.hold(stop))
    clock.now += 9
    assert await still_waits(holding)
    clock.now += 2
    await within(holding)
    assert one.lost
    assert not one.leading


async def test_one_failed_renewal_is_no_reason_to_end(kube: FakeKube, clock: Clock):
    one, stop = elector(kube, "one", clock), asyncio.Event()
    await within(one.win(stop))
    kube.fail("get", "Lease", Unavailable("get Lease: no answer"))
    kube.fail("patch", "Lease", Conflict("patch Lease: somebody put a label on it"))
    holding = asyncio.create_task(one.hold(stop))
    await asyncio.sleep(0.1)
    clock.now += 9
    assert await still_waits(holding)
    clock.now += 9
    assert await still_waits(holding)
    stop.set()
    await within(holding)
    assert not one.lost


async def test_a_lease_that_a_person_gave_to_another_is_lost_at_once(kube: FakeKube, clock: Clock):
    one, stop = elector(kube, "one", clock), asyncio.Event()
    await within(one.win(stop))
    body = kube.objects["Lease", NAMESPACE, LEASE_NAME]
    kube.put({**body, "spec": {**body["spec"], "holderIdentity": "two"}})
    await within(one.hold(stop))
    assert one.lost


async def test_a_released_lease_is_taken_without_waiting(kube: FakeKube, clock: Clock):
    one, two = elector(kube, "one", clock), elector(kube, "two", clock)
    await within(one.win(asyncio.Event()))
    await one.release()
    assert not one.leading
    assert await within(two.win(asyncio.Event()))
    await one.release()
    assert spec(kube)["holderIdentity"] == "two", "what is not ours is not given up"


async def test_a_role_without_leases_keeps_it_waiting(kube: FakeKube, clock: Clock):
    kube.fail(
        "get", "Lease", Forbidden("get Lease: not allowed to get leases.coordination.k8s.io"), times=1000
    )
    one, stop = elector(kube, "one", clock), asyncio.Event()
    waiting = asyncio.create_task(one.win(stop))
    assert await still_waits(waiting)
    stop.set()
    assert await within(waiting) is False
    assert not one.lost
