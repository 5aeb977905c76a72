"""Who counts as healthy. Pure."""

import math

from planaria_operator.api.remediation import UNDER_WAY
from planaria_operator.objects.store import ClusterStore


def required_healthy(wanted: int | str, total: int) -> int:
    """How many of `total` must be healthy. A percentage rounds up. Raises ValueError where `wanted` is neither."""
    if isinstance(wanted, int):
        return wanted
    if not wanted.endswith("%"):
        raise ValueError(f"minHealthy {wanted!r}: must be a whole number or a share such as 50%")
    return math.ceil(int(wanted.removesuffix("%")) * total / 100)


def under_repair(store: ClusterStore) -> set[str]:
    """Uids of what a Remediation is open for, and of what it acts on, where that is something else. Not where its policy is
    deleted, or not watched any more: nobody goes on with it, so it would count for ever.
    """
    found: set[str] = set()
    for remediation in store.remediations.values():
        status = remediation.status
        if status.finished or remediation.policy_key not in store.policies:
            continue
        found.add(remediation.spec.target.uid or "")
        if status.attempt and status.stage in UNDER_WAY:
            found.add(status.attempt.plan.target.uid or "")
    return found - {""}
