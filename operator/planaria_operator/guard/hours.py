"""Change windows as spans of real time. Pure.

Where the clocks are set back, a time of day comes twice; where they are set forward, one never comes. An Allow window is
then the shorter of the two readings and a Deny window the longer, so that the doubt never opens anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from planaria_operator.api.windows import EVERY_DAY, ChangeWindow, WindowKind

BEFORE: Final = 2
"""Days. A window that began yesterday may still be open, also by a clock on the other side of the date line."""
AFTER: Final = 8


@dataclass(frozen=True, slots=True)
class Span:
    begin: datetime
    end: datetime


class Calendar:
    """The windows around `now`. Raises LookupError naming a time zone that does not exist."""

    def __init__(self, windows: Iterable[ChangeWindow], now: datetime) -> None:
        allowed, self._denied = [], list[Span]()
        self._now, self._always = now.astimezone(UTC), True
        for window in windows:
            spans = _spans(window, now)
            if window.kind is WindowKind.ALLOW:
                self._always = False
                allowed += spans
            else:
                self._denied += spans
        self._allowed = _merged(allowed)

    def open(self, moment: datetime, need: timedelta) -> bool:
        """True where nothing closes between `moment` and `need` later."""
        until = moment + need
        if any(span.begin < until and moment < span.end for span in self._denied):
            return False
        return self._always or any(span.begin <= moment and until <= span.end for span in self._allowed)

    def next_opening(self, need: timedelta) -> datetime | None:
        """The first moment from now on that is open for `need`; None where there is none within a week."""
        edges = [span.begin for span in self._allowed] + [span.end for span in self._denied]
        return next((edge for edge in sorted(edges) if edge >= self._now and self.open(edge, need)), None)


def _spans(window: ChangeWindow, now: datetime) -> list[Span]:
    zone = _zone(window.time_zone)
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=offset) for offset in range(-BEFORE, AFTER + 1))
    spans = (_span(window, day, zone) for day in days if EVERY_DAY[day.weekday()] in window.days)
    return [span for span in spans if span.begin < span.end]


def _span(window: ChangeWindow, day: date, zone: ZoneInfo) -> Span:
    last = day if window.end > window.start else day + timedelta(days=1)
    begins, ends = _readings(day, window.start, zone), _readings(last, window.end, zone)
    if window.kind is WindowKind.ALLOW:
        return Span(max(begins), min(ends))
    return Span(min(begins), max(ends))


def _readings(day: date, hour: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both moments that a time of day may mean; nearly always the same one."""
    if hour == "24:00":
        day, hour = day + timedelta(days=1), "00:00"
    local = datetime.combine(day, time.fromisoformat(hour), zone)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise LookupError(
            f"guardrails.windows: timeZone {name!r} is not known here; use a name such as Europe/Berlin"
        ) from error


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Windows that touch are one: an action may reach from one into the next."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: each.begin):
        if merged and span.begin <= merged[-1].end:
            merged[-1] = Span(merged[-1].begin, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
