"""Applied is not fixed. When may an attempt be called a success, and when has it had its time?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from planaria_operator.api.healing_policy import Verification


@dataclass(frozen=True, slots=True)
class Verified:
    recovered_at: datetime
    """Where the healthy span began that lasted long enough."""


@dataclass(frozen=True, slots=True)
class StillUnhealthy:
    after_seconds: int


@dataclass(frozen=True, slots=True)
class Watching:
    until: datetime
    """When asking again gives another answer at the latest."""


def outcome(
    verification: Verification, *, applied_at: datetime, healthy_since: datetime | None, now: datetime
) -> Verified | StillUnhealthy | Watching:
    """A healthy span that has begun in time may run to its end, even past the time-out. One that breaks off may not."""
    stable = timedelta(seconds=verification.stable_for_seconds)
    limit = applied_at + timedelta(seconds=verification.timeout_seconds)
    if healthy_since is not None and healthy_since < limit:
        settled = healthy_since + stable
        return Verified(recovered_at=healthy_since) if now >= settled else Watching(until=settled)
    if now >= limit:
        return StillUnhealthy(after_seconds=int((now - applied_at).total_seconds()))
    return Watching(until=limit)
