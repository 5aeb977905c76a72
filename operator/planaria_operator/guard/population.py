"""Who counts as healthy. Pure."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.attempt import Attempt
from planaria_operator.api.remediation import UNDER_WAY, Remediation
from planaria_operator.objects.store import ClusterStore

AT_WORK: Final = timedelta(seconds=600)
"""How long what was sent may take effect: after as long Kubernetes too, by default, gives a rollout up."""


def required_healthy(wanted: int | str, total: int) -> int:
    """How many of `total` must be healthy. A percentage rounds up. Raises ValueError where `wanted` is neither."""
    if isinstance(wanted, int):
        return wanted
    if not wanted.endswith("%"):
        raise ValueError(f"minHealthy {wanted!r}: must be a whole number or a share such as 50%")
    return math.ceil(int(wanted.removesuffix("%")) * total / 100)


def attended(store: ClusterStore) -> Iterator[Remediation]:
    """What is open, and gone on with."""
    open_ones = (each for each in store.remediations.values() if not each.status.finished)
    return (each for each in open_ones if not store.abandoned(each))


def under_way(store: ClusterStore, now: datetime) -> list[Remediation]:
    """Where something was written down to be done and is not over. What is abandoned never is, so it is among these only while
    what was sent may still be at work.
    """
    begun = (each for each in store.remediations.values() if each.status.stage in UNDER_WAY)
    return [each for each in begun if not store.abandoned(each) or _at_work(each.status.attempt, now)]


def _at_work(attempt: Attempt | None, now: datetime) -> bool:
    if attempt is None or attempt.queued:
        return False
    drain = attempt.drain
    rounds = [drain.progress_at, drain.sent_at] if drain else []
    sent = [attempt.begun_at, attempt.applied_at, attempt.finished_at, *rounds]
    last: datetime = max([attempt.reserved_at, *(time for time in sent if time)])
    return now < last + AT_WORK


def under_repair(store: ClusterStore) -> set[str]:
    """Uids of what a Remediation is open for, and of what it acts on, where that is something else. Not where its policy is
    deleted, or not watched any more: nobody goes on with it, so it would count for ever.
    """
    found: set[str] = set()
    for remediation in store.remediations.values():
        status = remediation.status
        if status.finished or not store.has_policy(remediation):
            continue
        found.add(remediation.spec.target.uid or "")
        if status.attempt and status.stage in UNDER_WAY:
            found.add(status.attempt.plan.target.uid or "")
    return found - {""}
