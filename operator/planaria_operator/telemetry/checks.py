"""What a probe asks, as pure functions: each answers yes or no, and says what it looked at."""

from datetime import datetime
from typing import Final, NamedTuple

TICK_SECONDS: Final = 30.0
"""A reconcile loop that has not got anywhere for this long is stuck."""
CONTACT_SECONDS: Final = 45.0
"""Without a sign of life from the API server for this long, what is known of the cluster may be wrong. In a quiet
cluster the sign is a ping every 15 seconds.
"""


class Check(NamedTuple):
    name: str
    ok: bool
    message: str


def ticked(last: datetime | None, started: datetime, now: datetime) -> Check:
    """Whether the reconcile loop gets on. Until its first tick the time counts from `started`."""
    age = (now - (last or started)).total_seconds()
    return Check(
        "reconcile", age <= TICK_SECONDS, f"last tick {age:.0f} s ago, at most {TICK_SECONDS:.0f} s allowed"
    )


def synced(store_is_complete: bool) -> Check:
    message = "the store is complete" if store_is_complete else "the first list of the cluster is not done"
    return Check("synced", store_is_complete, message)


def in_contact(*signs: datetime | None, now: datetime) -> Check:
    """Whether any sign of life of the API server (a watch event, a successful call) is young enough."""
    seen = [sign for sign in signs if sign]
    if not seen:
        return Check("api", ok=False, message="the API server has not answered yet")
    age = (now - max(seen)).total_seconds()
    message = f"last sign of life of the API server {age:.0f} s ago, at most {CONTACT_SECONDS:.0f} s allowed"
    return Check("api", age <= CONTACT_SECONDS, message)


def in_turn(holder: str, *, leading: bool) -> Check:
    """An operator that waits for the lead is ready: it watches, and can begin at any moment."""
    message = "this operator acts" if leading else f"this one only watches: {holder or 'nobody yet'} leads"
    return Check("lead", ok=True, message=message)
