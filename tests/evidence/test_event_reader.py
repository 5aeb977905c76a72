"""Events are read one by one for a few, and all together where many are asked for at once."""

import asyncio
from typing import Any

import pytest

from planaria_operator.evidence import event_reader
from planaria_operator.evidence.event_reader import FEW, EventReader
from planaria_operator.evidence.events import MAX_PER_OBJECT
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.fake import FakeKube

MANY = FEW + 1


def event(
    name: str, reason: str = "BackOff", *, kind: str = "Pod", space: str = "shop", seen: int = 0
) -> dict[str, Any]:
    return {
        "kind": "Event",
        "metadata": {"name": f"{kind}.{name}.{reason}.{seen}".lower(), "namespace": space},
        "reason": reason,
        "regarding": {"kind": kind, "name": name},
        "deprecatedLastTimestamp": f"2026-11-23T11:{seen:02}:00Z",
        "reportingController": "planaria.dev/operator" if reason == "Ours" else "kubelet",
    }


def reasons(bodies: list[Any]) -> list[str]:
    return [body["reason"] for body in bodies]


async def test_a_few_are_asked_for_one_by_one():
    kube = FakeKube(event("a"), event("b", "Killing"), event("b", "Ours"), event("b", kind="Job"))
    reader = EventReader(kube)
    a, b = await asyncio.gather(reader.of("Pod", "shop", "a"), reader.of("Pod", "shop", "b"))
    assert (reasons(a), reasons(b)) == (["BackOff"], ["Killing"])
    assert kube.calls["list", "Event"] == 2


async def test_many_are_answered_by_one_reading_of_their_namespace_and_each_with_its_own():
    bodies = [event(f"pod-{number}", f"Reason{number}") for number in range(MANY)]
    kube = FakeKube(
        *bodies, event("pod-0", "Later", seen=9), event("pod-0", "Ours", seen=10), event("pod-0", "Deployed", kind="Deployment"),
        event("pod-0", "Elsewhere", space="other"),
    )  # fmt: skip
    reader = EventReader(kube)
    found = await asyncio.gather(*(reader.of("Pod", "shop", f"pod-{number}") for number in range(MANY)))
    assert reasons(found[0]) == ["Later", "Reason0"]
    assert [reasons(each) for each in found[1:]] == [[f"Reason{number}"] for number in range(1, MANY)]
    assert kube.calls["list", "Event"] == 1


async def test_who_has_none_gets_none_and_who_has_many_the_newest():
    kube = FakeKube(*(event("loud", f"R{seen}", seen=seen) for seen in range(MAX_PER_OBJECT + 5)))
    reader = EventReader(kube)
    asked = ["loud", *(f"silent-{number}" for number in range(MANY))]
    loud, *silent = await asyncio.gather(*(reader.of("Pod", "shop", name) for name in asked))
    assert (len(loud), loud[0]["reason"]) == (MAX_PER_OBJECT, f"R{MAX_PER_OBJECT + 4}")
    assert silent == [[] for _ in range(MANY)]


async def test_nodes_are_looked_for_where_their_events_are():
    kube = FakeKube(event("node-1", "Rebooted", kind="Node", space="default"))
    assert reasons(await EventReader(kube).of("Node", None, "node-1")) == ["Rebooted"]


@pytest.mark.parametrize("count", [1, MANY])
async def test_a_refusal_reaches_everybody_who_asked_and_the_next_is_asked_anew(count: int):
    kube = FakeKube(event("pod-0"))
    kube.fail("list", "Event", Forbidden("no role"))
    reader = EventReader(kube)
    asked = (reader.of("Pod", "shop", f"pod-{number}") for number in range(count))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in found] == [Forbidden] * count
    assert reasons(await reader.of("Pod", "shop", "pod-0")) == ["BackOff"]


async def test_who_gives_up_takes_nothing_from_others(monkeypatch: pytest.MonkeyPatch):
    kube = FakeKube(event("a"))
    reader = EventReader(kube)
    hasty = asyncio.create_task(reader.of("Pod", "shop", "a"))
    patient = asyncio.create_task(reader.of("Pod", "shop", "a"))
    await asyncio.sleep(0)
    hasty.cancel()
    assert reasons(await patient) == ["BackOff"]
    assert kube.calls["list", "Event"] == 1
    assert hasty.cancelled()


async def test_who_asks_during_a_reading_is_answered_by_the_next(monkeypatch: pytest.MonkeyPatch):
    kube = FakeKube(event("a"), event("b", "Killing"))
    reader, go_on, listed = EventReader(kube), asyncio.Event(), kube.list

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await go_on.wait()
        return await listed(*args, **kwargs)

    monkeypatch.setattr(kube, "list", slow)
    monkeypatch.setattr(event_reader, "GATHER_SECONDS", 0.0)
    first = asyncio.create_task(reader.of("Pod", "shop", "a"))
    for _ in range(5):
        await asyncio.sleep(0)
    second = asyncio.create_task(reader.of("Pod", "shop", "b"))
    await asyncio.sleep(0)
    go_on.set()
    assert [reasons(await first), reasons(await second)] == [["BackOff"], ["Killing"]]
