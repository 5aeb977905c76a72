"""When the change windows are open, by the clocks of one place, on every kind of day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from planaria_contract import Restart
from planaria_operator.api.reasons import Reason
from planaria_operator.api.windows import ChangeWindow
from planaria_operator.guard.hours import Calendar
from planaria_operator.guard.windows import ChangeWindows
from tests.builders import NOW, decision, policy
from tests.guard.proposals import proposal

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_open(moment: datetime, *windows: dict[str, Any], need: timedelta = MINUTE) -> bool:
    return Calendar([ChangeWindow.model_validate(each) for each in windows], moment).open(moment, need)


def allow(start: str, end: str, zone: str = "UTC", **more: Any) -> dict[str, Any]:
    return {"kind": "Allow", "start": start, "end": end, "timeZone": zone, **more}


def deny(start: str, end: str, zone: str = "UTC", **more: Any) -> dict[str, Any]:
    return {"kind": "Deny", "start": start, "end": end, "timeZone": zone, **more}


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-23T21:59", False),
        ("2026-11-23T22:00", True),
        ("2026-11-24T03:00", True),
        ("2026-11-24T05:59", True),
        ("2026-11-24T06:00", False),
    ],
)
def test_a_window_may_reach_over_midnight(moment: str, opened: bool):
    assert is_open(at(moment), allow("22:00", "06:00")) is opened


def test_the_day_of_a_window_is_the_day_on_which_it_begins():
    friday_night = allow("22:00", "06:00", days=["Friday"])
    assert is_open(at("2026-11-28T03:00"), friday_night), "Saturday before dawn belongs to Friday's window"
    assert not is_open(at("2026-11-27T03:00"), friday_night), "Friday before dawn belongs to Thursday's"
    assert not is_open(at("2026-11-28T22:30"), friday_night)


def test_a_window_without_hours_is_the_whole_day_and_two_such_days_are_one():
    weekend = {"kind": "Allow", "days": ["Saturday", "Sunday"]}
    assert is_open(at("2026-11-28T23:59"), weekend, need=timedelta(hours=20))
    assert not is_open(at("2026-11-29T23:59"), weekend, need=timedelta(minutes=2))


def test_an_end_equal_to_the_start_is_a_full_day():
    assert is_open(at("2026-11-23T05:00"), allow("06:00", "06:00"))


def test_an_action_that_could_not_be_verified_in_time_is_not_begun():
    window = allow("22:00", "23:00")
    assert is_open(at("2026-11-23T22:50"), window, need=timedelta(minutes=10))
    assert not is_open(at("2026-11-23T22:51"), window, need=timedelta(minutes=10))


def test_a_deny_window_wins_and_nothing_reaches_into_it():
    windows = allow("00:00", "24:00"), deny("12:00", "13:00")
    assert is_open(at("2026-11-23T11:50"), *windows, need=timedelta(minutes=10))
    assert not is_open(at("2026-11-23T11:51"), *windows, need=timedelta(minutes=10))
    assert not is_open(at("2026-11-23T12:30"), *windows)
    assert is_open(at("2026-11-23T13:00"), *windows)


def test_without_an_allow_window_everything_but_the_denied_hours_is_open():
    assert is_open(at("2026-11-23T03:00"), deny("12:00", "13:00"))


def test_hours_are_read_by_the_clocks_of_the_named_place():
    assert is_open(at("2026-11-23T08:30"), allow("09:00", "10:00", "Europe/Berlin"))
    assert is_open(at("2026-07-23T07:30"), allow("09:00", "10:00", "Europe/Berlin")), "summer time"
    assert is_open(at("2026-11-22T19:30"), allow("09:00", "10:00", "Pacific/Kiritimati", days=["Monday"]))


# --- Europe/Berlin: on 2026-03-29 02:00 becomes 03:00, on 2026-10-25 03:00 becomes 02:00


def test_a_time_that_never_comes_opens_late_and_closes_early():
    spring = allow("02:30", "04:00", "Europe/Berlin")
    assert not is_open(at("2026-03-29T01:15"), spring), "03:15, but 02:30 was never struck"
    assert is_open(at("2026-03-29T01:30"), spring), "03:30"
    ends_in_the_gap = allow("01:00", "02:30", "Europe/Berlin")
    assert is_open(at("2026-03-29T00:29"), ends_in_the_gap), "01:29"
    assert not is_open(at("2026-03-29T00:31"), ends_in_the_gap), (
        "01:31: half past two may be read as half past one"
    )


def test_a_time_that_comes_twice_opens_late_and_closes_early():
    autumn = allow("02:30", "04:00", "Europe/Berlin")
    assert not is_open(at("2026-10-25T00:45"), autumn), "02:45 for the first time"
    assert is_open(at("2026-10-25T01:45"), autumn), "02:45 for the second time"
    ends_twice = allow("01:00", "02:30", "Europe/Berlin")
    assert is_open(at("2026-10-25T00:20"), ends_twice)
    assert not is_open(at("2026-10-25T00:40"), ends_twice)


def test_a_denied_time_that_comes_twice_is_denied_from_the_first_to_the_last():
    autumn = deny("02:30", "02:45", "Europe/Berlin")
    for moment in ("2026-10-25T00:31", "2026-10-25T01:00", "2026-10-25T01:44"):
        assert not is_open(at(moment), autumn)
    assert is_open(at("2026-10-25T01:45"), autumn)


@pytest.mark.parametrize("day", ["2026-03-28", "2026-03-29", "2026-10-25", "2026-10-26"])
def test_a_window_over_night_is_open_at_every_minute_between_its_ends(day: str):
    window = allow("22:00", "06:00", "Europe/Berlin")
    moment, until = at(f"{day}T00:00"), at(f"{day}T04:00")
    while moment < until:
        assert is_open(moment, window), moment
        moment += timedelta(minutes=15)


def test_an_ambiguous_window_that_would_end_before_it_begins_is_none():
    assert not is_open(at("2026-10-25T00:20"), allow("02:15", "02:30", "Europe/Berlin"))


# --- the guard


def verdict(now: datetime, *windows: dict[str, Any], **fields: Any):
    under = policy(guardrails={"windows": windows}, verification={"timeout_seconds": 180})
    made = proposal(under=under, **fields)
    object.__setattr__(made, "now", now)
    return ChangeWindows().check(made)


def test_without_windows_it_is_always_open():
    assert verdict(NOW).allowed


def test_a_refusal_says_when_it_opens():
    refused = verdict(at("2026-11-23T12:00"), allow("22:00", "06:00"))
    assert (refused.allowed, refused.reason, refused.retry_after) == (False, Reason.OUTSIDE_WINDOW, 3600)
    assert "2026-11-23T22:00:00Z" in refused.message
    soon = verdict(at("2026-11-23T21:59"), allow("22:00", "06:00"))
    assert soon.retry_after in {60, 61}


def test_the_delay_of_the_action_has_to_fit_too():
    late = decision(Restart(scope="workload", delay_seconds=300))
    assert verdict(at("2026-11-23T22:55"), allow("22:00", "23:00")).allowed
    assert not verdict(at("2026-11-23T22:55"), allow("22:00", "23:00"), decision=late).allowed


def test_a_window_too_short_for_a_verification_says_that_it_never_opens():
    refused = verdict(at("2026-11-23T22:00"), allow("22:00", "22:02"))
    assert "not within the next seven days" in refused.message


def test_a_time_zone_that_is_not_known_here_holds():
    with pytest.raises(LookupError, match=r"timeZone 'Europe/Atlantis'.*use a name such as Europe/Berlin"):
        verdict(NOW, allow("22:00", "06:00", "Europe/Atlantis"))
