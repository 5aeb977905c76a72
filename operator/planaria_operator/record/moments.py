"""A moment as the record tells it to people."""

from datetime import UTC, datetime


def clock(moment: datetime, now: datetime) -> str:
    """Time of day in UTC, with the date before it where that is another than today's: at 23:50 the one of 03:10 is tomorrow."""
    moment = moment.astimezone(UTC)
    same_day = moment.date() == now.astimezone(UTC).date()
    return moment.strftime("%H:%M:%SZ" if same_day else "%Y-%m-%dT%H:%M:%SZ")
