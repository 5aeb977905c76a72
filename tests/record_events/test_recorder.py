"""The recorder against a server in memory: counted calls, and every way of failing that must not be felt."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.errors import AlreadyExists, Forbidden, NotFound, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import PatchType
from planaria_operator.objects.meta import Identity
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record import events
from planaria_operator.record.events import QUEUE_LENGTH, Recorder
from planaria_operator.record.rates import RateLimiter
from planaria_operator.record.unreadable import tell_of_unreadable
from planaria_operator.telemetry.metrics import REGISTRY

WEB = ObjectReference(kind="Deployment", namespace="shop", name="web", uid="w")
API = ObjectReference(kind="Deployment", namespace="shop", name="api", uid="a")


@pytest.fixture
def kube() -> FakeKube:
    return FakeKube()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RETRY_SECONDS", (0.0, 0.0))


@asynccontextmanager
async def running(recorder: Recorder) -> AsyncIterator[Callable[..., None]]:
    task = asyncio.create_task(recorder.run())

    def say(regarding: ObjectReference = WEB, note: str = "limit raised", **parts: Any) -> None:
        recorder.record(
            regarding, **{"reason": Reason.ACTION_APPLIED, "note": note, "action": "Act", **parts}
        )

    yield say
    await asyncio.wait_for(recorder.drain(), 5)
    task.cancel()


def dropped(why: str) -> float:
    return REGISTRY.get_sample_value("planaria_events_dropped_total", {"why": why}) or 0.0


async def test_a_policy_that_cannot_be_read_says_so_once_for_as_long_as_it_is_so(kube: FakeKube):
    store, recorder = ClusterStore(), Recorder(kube)
    store.unreadable[Identity("HealingPolicy", "shop", "own", "u1")] = "spec.mode: not one of these"
    store.unreadable[Identity("Pod", "shop", "odd", "u2")] = "spec: not a mapping"
    async with running(recorder):
        tell_of_unreadable(recorder, store)
        tell_of_unreadable(recorder, store)
    assert kube.calls == {("create", "Event"): 1, ("patch", "Event"): 1}
    event = kube.made[0].body
    assert (event["reason"], event["type"]) == ("PolicyUnreadable", "Warning")
    assert event["regarding"] == {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "namespace": "shop",
        "name": "own",
        "uid": "u1",
    }
    assert "spec.mode: not one of these" in event["note"]


async def test_a_repeat_counts_up_the_event_that_was_written(kube: FakeKube):
    async with running(Recorder(kube, "planaria-0")) as say:
        for _ in range(3):
            say()
        say(API)
    assert kube.calls == {("create", "Event"): 2, ("patch", "Event"): 2}
    first, second, third, _ = kube.made
    assert second.name == third.name == first.name
    assert (third.patch_type, third.body["series"]["count"]) == (PatchType.MERGE, 3)
    assert first.body["reportingInstance"] == "planaria-0"


async def test_a_repeat_after_a_long_silence_is_a_new_event(kube: FakeKube, monkeypatch: pytest.MonkeyPatch):
    clock = [datetime(2026, 11, 23, 12, 0, tzinfo=UTC)]
    monkeypatch.setattr(events, "now", lambda: clock[0])
    recorder = Recorder(kube)
    async with running(recorder) as say:
        say()
        await recorder.drain()
        clock[0] += timedelta(minutes=11)
        say()
    assert kube.calls == {("create", "Event"): 2}


async def test_an_object_that_talks_too_much_is_held_back_and_its_count_is_not_lost(kube: FakeKube):
    limiter = RateLimiter(burst=2, refill_seconds=3600)
    recorder = Recorder(kube, limiter=limiter)
    async with running(recorder) as say:
        for _ in range(10):
            say()
        say(API)
        await recorder.drain()
        limiter._buckets.clear()
        say()
    assert kube.calls == {("create", "Event"): 2, ("patch", "Event"): 2}
    assert kube.made[-1].body["series"]["count"] == 11


async def test_new_words_of_an_object_that_talks_too_much_are_dropped_and_counted(kube: FakeKube):
    before = dropped("rate_limited")
    async with running(Recorder(kube, limiter=RateLimiter(burst=1, refill_seconds=3600))) as say:
        for number in range(4):
            say(note=f"number {number}")
    assert kube.calls == {("create", "Event"): 1}
    assert dropped("rate_limited") == before + 3


async def test_an_event_that_expired_is_written_anew(kube: FakeKube):
    kube.fail("patch", "Event", NotFound("gone"))
    async with running(Recorder(kube)) as say:
        say()
        say()
    assert [call.verb for call in kube.made] == ["create", "patch", "create"]


async def test_a_forbidden_event_is_said_once_and_goes_on_counting(kube: FakeKube):
    before = dropped("refused")
    kube.fail(
        "create", "Event", Forbidden("create Event: not allowed to create events.events.k8s.io"), times=3
    )
    with capture_logs() as logs:
        async with running(Recorder(kube)) as say:
            for number in range(3):
                say(note=f"number {number}")
    assert [line["event"] for line in logs] == ["Events cannot be written"]
    assert dropped("refused") == before + 3


async def test_an_api_server_that_is_away_for_a_moment_loses_nothing(kube: FakeKube):
    kube.fail("create", "Event", Unavailable("no answer"), times=2)
    async with running(Recorder(kube)) as say:
        say()
    assert len(kube.objects) == 1


async def test_an_event_that_arrived_although_its_answer_did_not_is_not_written_twice(kube: FakeKube):
    before = dropped("refused")
    kube.fail("create", "Event", Unavailable("no answer"))
    kube.fail("create", "Event", AlreadyExists("it arrived"))
    async with running(Recorder(kube)) as say:
        say()
    first, second = kube.made
    assert first.name == second.name
    assert dropped("refused") == before


async def test_an_api_server_that_stays_away_costs_the_event_and_nothing_else(kube: FakeKube):
    before = dropped("refused")
    kube.fail("create", "Event", Unavailable("no answer"), times=3)
    async with running(Recorder(kube)) as say:
        say(note="lost")
        say(note="written")
    assert [body["note"] for body in kube.objects.values()] == ["written"]
    assert dropped("refused") == before + 1


async def test_a_mistake_in_one_event_does_not_end_the_others(kube: FakeKube):
    class Broken(FakeKube):
        async def create(self, kind: str, namespace: str, body: Any, *, dry_run: bool = False) -> Any:
            if body["note"] == "odd":
                raise ZeroDivisionError
            return await super().create(kind, namespace, body, dry_run=dry_run)

    broken = Broken()
    with capture_logs() as logs:
        async with running(Recorder(broken)) as say:
            say(note="odd")
            say(note="fine")
    assert [body["note"] for body in broken.objects.values()] == ["fine"]
    assert [line["event"] for line in logs] == ["an Event could not be written"]


async def test_recording_never_blocks_and_a_full_queue_drops(kube: FakeKube):
    before = dropped("queue_full")
    recorder = Recorder(kube)
    for number in range(QUEUE_LENGTH + 7):
        recorder.record(WEB, reason=Reason.RECOVERED, note=str(number), action="Verify")
    assert dropped("queue_full") == before + 7
    assert kube.made == []
