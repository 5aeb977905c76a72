import re
from datetime import UTC, datetime, timedelta

import pytest

from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.record.rates import RateLimiter
from planaria_operator.record.series import (
    SERIES_SECONDS,
    Message,
    Series,
    cut,
    event_body,
    event_name,
    micro_time,
)

NOW = datetime(2026, 11, 23, 12, 0, 0, 42, tzinfo=UTC)
WEB = ObjectReference(kind="Deployment", namespace="shop", name="web", uid="w")
NODE = ObjectReference(kind="Node", name="n1", uid="n")
RECORD = ObjectReference(kind="Remediation", namespace="shop", name="r1", uid="r")


def message(regarding: ObjectReference = WEB, note: str = "memory limit raised", **parts: object) -> Message:
    return Message(regarding, Reason.ACTION_APPLIED, note, "Act", warning=False, **parts)  # type: ignore[arg-type]


def test_an_event_names_both_objects_with_their_api_versions():
    body = event_body(message(related=RECORD), name="web.1", instance="planaria-0", now=NOW)
    assert body["regarding"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "uid": "w",
    }
    assert body["related"]["apiVersion"] == "planaria.dev/v1alpha1"
    assert body["metadata"] == {"name": "web.1", "namespace": "shop"}
    assert body["eventTime"] == "2026-11-23T12:00:00.000042Z"
    assert (body["type"], body["reason"], body["action"]) == ("Normal", "ActionApplied", "Act")
    assert body["reportingController"] == "planaria.dev/operator"


def test_what_has_no_namespace_is_spoken_of_in_default():
    body = event_body(message(NODE), name="n1.1", instance="i", now=NOW)
    assert body["metadata"]["namespace"] == "default"
    assert "namespace" not in body["regarding"]


def test_a_note_is_cut_at_the_servers_limit_in_bytes_on_a_whole_character():
    assert cut("short", 1024) == "short"
    long = cut("ä" * 2000, 1024)
    assert len(long.encode()) <= 1024
    assert set(long) == {"ä", "…"}
    assert len(cut("x" * 2000, 1024).encode()) == 1024


def test_a_name_fits_however_long_the_objects_is():
    assert event_name(message(ObjectReference(kind="Pod", namespace="a", name="p" * 253)), "0" * 16).endswith(
        "." + "0" * 16
    )
    assert (
        len(event_name(message(ObjectReference(kind="Pod", namespace="a", name="p" * 253)), "0" * 16)) <= 253
    )


def test_only_the_same_words_about_the_same_object_are_a_repeat():
    assert message().key == message().key
    namesake = WEB.model_copy(update={"uid": "other"})
    others = [message(NODE), message(note="else"), message(related=RECORD), message(namesake)]
    assert len({message().key, *(other.key for other in others)}) == 5


def test_a_series_goes_on_until_it_was_silent_for_ten_minutes():
    series = Series("web.1", NOW)
    assert series.goes_on(NOW + timedelta(seconds=SERIES_SECONDS))
    assert not series.goes_on(NOW + timedelta(seconds=SERIES_SECONDS + 1))


def test_micro_time_always_has_six_digits():
    assert micro_time(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05.000000Z"


def test_an_object_may_burst_and_then_speaks_once_in_a_while():
    limiter = RateLimiter(burst=3, refill_seconds=5)
    assert [limiter.take("web", 0.0) for _ in range(4)] == [True, True, True, False]
    assert limiter.take("other", 0.0)
    assert not limiter.take("web", 4.9)
    assert limiter.take("web", 5.1)
    assert not limiter.take("web", 5.2)
    assert [limiter.take("web", 1000.0) for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("at", [".", "-", "-."])
def test_a_name_that_is_cut_behind_a_dot_or_hyphen_is_one_that_the_server_takes(at: str):
    """Node names are host names: the cut may come anywhere in them."""
    long = ("n" * 60 + "." + "n" * 60 + "." + "n" * 60 + "." + "n" * 60)[: 236 - len(at)] + at + "n" * 15
    name = event_name(message(ObjectReference(kind="Node", name=long)), "0" * 16)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", name)
