"""When healing itself is what does not work: so many failures open the breaker, and only a person closes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import BreakerStatus, Failure
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.ledger import failures
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse


class Breaker:
    name = "breaker"

    def check(self, proposal: Proposal) -> Verdict:
        policy, limit = proposal.policy, proposal.policy.spec.guardrails.breaker
        failed = counted(policy, failures(proposal.store, policy, proposal.now), proposal.now)
        message = f"{len(failed)} of {limit.failures} remediations failed within {limit.window_seconds} s"
        opened = policy.status.breaker.opened_at
        if opened is None and len(failed) < limit.failures:
            return allow(self, message)
        since = f", open since {opened:%Y-%m-%dT%H:%M:%SZ}" if opened else ""
        return refuse(self, Reason.BREAKER_OPEN, f"{message}{since}; a person has to close it", 60)


def counted(policy: HealingPolicy, failed: Sequence[Failure], now: datetime) -> set[tuple[str, str]]:
    """Name and uid of the Remediations that count: several attempts of one are one failure, and none where a later one helped."""
    oldest = now - timedelta(seconds=policy.spec.guardrails.breaker.window_seconds)
    closed = policy.status.breaker.closed_at
    return {
        (each.remediation, each.uid)
        for each in failed
        if not each.recovered and each.time > oldest and not (closed and each.time <= closed)
    }


def turned(policy: HealingPolicy, failed: Sequence[Failure], now: datetime) -> BreakerStatus:
    """Where the breaker stands from now on."""
    known, limit = policy.status.breaker, policy.spec.guardrails.breaker
    asked = known.observed_reset is not None and known.observed_reset != limit.reset
    if asked and known.opened_at:
        # A failure stamped by a clock ahead of ours is behind us too.
        closed = max([now, *(each.time for each in failed)])
        return BreakerStatus(closed_at=closed, observed_reset=limit.reset)
    too_many = len(counted(policy, failed, now)) >= limit.failures
    opened = known.opened_at or (now if too_many else None)
    return known.model_copy(update={"opened_at": opened, "observed_reset": limit.reset})
