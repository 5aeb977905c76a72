"""A healthy span must begin in time and last; nothing else decides."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_operator.api.healing_policy import Verification
from planaria_operator.verify.outcome import StillUnhealthy, Verified, Watching, outcome
from tests.builders import NOW

RULES = Verification(timeout_seconds=180, stable_for_seconds=30)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("healthy_since", "now", "expected"),
    [
        (None, 0, Watching(until=at(180))),
        (None, 179, Watching(until=at(180))),
        (None, 180, StillUnhealthy(after_seconds=180)),
        (20, 21, Watching(until=at(50))),
        (20, 50, Verified(recovered_at=at(20))),
        (170, 181, Watching(until=at(200))),  # begun in time, it may run to its end
        (170, 200, Verified(recovered_at=at(170))),
        (181, 182, StillUnhealthy(after_seconds=182)),  # begun too late
    ],
)
def test_the_attempt_is(healthy_since: int | None, now: int, expected: Verified | StillUnhealthy | Watching):
    since = None if healthy_since is None else at(healthy_since)
    assert outcome(RULES, applied_at=NOW, healthy_since=since, now=at(now)) == expected


@given(
    st.integers(10, 600),
    st.integers(0, 300),
    st.none() | st.integers(0, 900),
    st.integers(0, 2000),
)
def test_success_means_healthy_for_as_long_as_was_asked_and_every_wait_ends(
    timeout: int, stable: int, since: int | None, now: int
):
    rules = Verification(timeout_seconds=timeout, stable_for_seconds=stable)
    healthy_since = at(since) if since is not None and since <= now else None
    found = outcome(rules, applied_at=NOW, healthy_since=healthy_since, now=at(now))
    if isinstance(found, Verified):
        assert healthy_since == found.recovered_at
        assert (at(now) - found.recovered_at).total_seconds() >= stable
    if isinstance(found, StillUnhealthy):
        assert now >= timeout
    if isinstance(found, Watching):
        assert found.until > at(now)
        later = outcome(rules, applied_at=NOW, healthy_since=healthy_since, now=found.until)
        assert not isinstance(later, Watching)
