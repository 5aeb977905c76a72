"""Which finished Remediations have been kept long enough."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from planaria_operator.api.aftermath import History
from planaria_operator.api.remediation import Remediation
from planaria_operator.notify.ledger import undelivered


def expired(finished: Iterable[Remediation], history: History, now: datetime) -> list[Remediation]:
    """Those past their time to live, and the oldest beyond the limit; not while somebody has yet to be told of them."""
    by_age = sorted(finished, key=lambda r: r.status.finished_at or now, reverse=True)
    oldest = now - timedelta(seconds=history.ttl_seconds_after_finished)
    return [
        remediation
        for position, remediation in enumerate(by_age)
        if (position >= history.limit or (remediation.status.finished_at or now) < oldest)
        and not undelivered(remediation.status)
    ]
