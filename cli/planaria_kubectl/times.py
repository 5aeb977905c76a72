"""Spans of time as kubectl writes them: 45s, 12m, 3h, 2d."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST: Final = timedelta(days=36500)
"""A century, so that no moment of today leaves the calendar by it."""
_PART: Final = re.compile(r"(\d+)([smhd])")
_WHOLE: Final = re.compile(r"(?:\d{1,12}[smhd]){1,8}")


def parse_span(text: str) -> timedelta:
    """`90s`, `30m`, `2h`, `1d`, `1h30m`. Raises ValueError naming the text, for more than LONGEST too."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no span of time: write 90s, 30m, 2h, 1d or 1h30m")
    seconds = sum(int(count) * UNITS[unit] for count, unit in _PART.findall(text))
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"{text!r} is too long a span of time: {LONGEST.days}d is the most")
    return timedelta(seconds=seconds)


def span(seconds: float) -> str:
    """The largest unit that leaves two digits of meaning: 95s, 12m, 26h, 3d."""
    whole = max(0, round(seconds))
    for unit, least in (("d", 2 * 86400), ("h", 2 * 3600), ("m", 120)):
        if whole >= least:
            return f"{whole // UNITS[unit]}{unit}"
    return f"{whole}s"


def since(moment: datetime | None, now: datetime) -> str:
    return "-" if moment is None else span((now - moment).total_seconds())


def until(moment: datetime, now: datetime) -> str:
    return span((moment - now).total_seconds())


def clock(moment: datetime, beside: datetime | None = None) -> str:
    """Time of day in UTC, with the date where that is another than the one of `beside`; without it an age has to stand there."""
    other_day = beside is not None and moment.astimezone(UTC).date() != beside.astimezone(UTC).date()
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S" if other_day else "%H:%M:%S")
