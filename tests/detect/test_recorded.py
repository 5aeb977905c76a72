"""Watch events of real pods, recorded from a kubelet, replayed second by second through parsing and detection."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from planaria_contract import SymptomKind
from planaria_operator.api.triggers import Triggers
from planaria_operator.detect.symptoms import of_pod, was_ready
from planaria_operator.objects.pod import parse_pod

RECORDED = Path(__file__).parent / "recorded"
SECOND = timedelta(seconds=1)


def events(name):
    for line in (RECORDED / f"{name}.jsonl").read_text().splitlines():
        event = json.loads(line)
        yield datetime.fromisoformat(event["at"]), parse_pod(event["pod"])


def seconds(name, after=20):
    """(time, pod) for each second from the first event until `after` seconds past the last."""
    known = list(events(name))
    moment, end = known[0][0], known[-1][0] + timedelta(seconds=after)
    while moment <= end:
        yield moment, [pod for at, pod in known if at <= moment][-1]
        moment += SECOND


def timeline(name, deadline=600):
    return [
        (at, of_pod(pod, Triggers(), at, deadline=deadline), pod.containers[0]) for at, pod in seconds(name)
    ]


@pytest.mark.parametrize("name", ["crash", "oom", "flap", "livekill"])
def test_a_crash_loop_never_blinks_off_once_it_has_begun(name):
    shown = [bool(found) for _, found, _ in timeline(name)]
    assert all(shown[shown.index(True) :])
    assert shown.index(True) < 15


@pytest.mark.parametrize("name", ["crash", "oom", "flap", "livekill"])
def test_a_crash_loop_is_ripe_within_half_a_minute_of_its_first_crash(name):
    line = timeline(name)
    first = next(at for at, found, _ in line if found)
    ripe = next(at for at, found, _ in line if any(each.ripe(at) for each in found))
    assert ripe - first <= 30 * SECOND


def test_a_pod_that_never_was_ready_keeps_one_since_through_every_crash():
    assert len({each.symptom.since for _, found, _ in timeline("crash") for each in found}) == 1


def test_an_out_of_memory_loop_is_named_in_every_state():
    for _, found, _ in timeline("oom"):
        if found:
            assert SymptomKind.OUT_OF_MEMORY in {each.symptom.kind for each in found}


@pytest.mark.parametrize(
    ("name", "kind"), [("badimage", SymptomKind.IMAGE_PULL), ("badconfig", SymptomKind.CONFIG_ERROR)]
)
def test_a_start_that_cannot_succeed_shows_without_gaps(name, kind):
    line = timeline(name)
    shown = [{each.symptom.kind for each in found} == {kind} for _, found, _ in line]
    assert all(shown[shown.index(True) :])
    assert any(each.ripe(line[-1][0]) for each in line[-1][1])


@pytest.mark.parametrize("name", ["slow", "startup"])
def test_slow_healthy_starts_show_nothing_at_any_second(name):
    assert all(found == [] for _, found, _ in timeline(name))


def test_a_silent_start_shows_nothing_before_its_deadline_and_everything_after():
    assert all(found == [] for _, found, _ in timeline("never"))
    late = timeline("never", deadline=5)
    assert [each.symptom.kind for each in late[-1][1]] == [SymptomKind.NOT_READY]


def test_real_timestamps_tell_a_relapse_from_a_start():
    assert was_ready(list(events("was"))[-1][1])
    assert not was_ready(list(events("never"))[-1][1])
    assert not was_ready(list(events("crash"))[-1][1])
