"""Actions that failed or did not help, from the records and from the policy's status, which outlives them. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.attempt import Attempt, AttemptOutcome
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import Failure
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.signature import signature
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record.convert import decision

MOST_FAILURES: Final = 200
"""As many as the status holds."""

OUTCOMES: Final = frozenset({AttemptOutcome.INEFFECTIVE, AttemptOutcome.FAILED})


def failures(store: ClusterStore, policy: HealingPolicy, now: datetime) -> tuple[Failure, ...]:
    """Oldest first, each attempt once, without those that neither the breaker nor the guard against repetition asks for."""
    rails = policy.spec.guardrails
    horizon = now - timedelta(seconds=max(rails.breaker.window_seconds, rails.repeat_window_seconds))
    recorded = [each for remediation in store.remediations_of(policy) for each in _of(remediation)]
    known = {(each.remediation, uid, each.attempt) for each in recorded for uid in (each.uid, "")}
    outlived = (
        each for each in policy.status.failures if (each.remediation, each.uid, each.attempt) not in known
    )
    recent = sorted(
        (each for each in (*outlived, *recorded) if each.time > horizon),
        key=lambda each: (each.time, each.remediation, each.attempt),
    )
    return tuple(recent[-MOST_FAILURES:])


def useless(
    store: ClusterStore, policy: HealingPolicy, now: datetime, *, besides: Remediation | None = None
) -> dict[str, Failure]:
    """What did not help within the window, by signature, the latest of each; without that of Remediation `besides`.

    An action that could not be carried out has proved nothing and is not among it.
    """
    window = policy.spec.guardrails.repeat_window_seconds
    oldest = now - timedelta(seconds=window)
    return (
        {}
        if not window
        else {
            each.action: each
            for each in failures(store, policy, now)
            if each.outcome is AttemptOutcome.INEFFECTIVE
            and each.time > oldest
            and not (besides and each.is_of(besides.name, besides.uid))
        }
    )


def _of(remediation: Remediation) -> Iterator[Failure]:
    attempts = remediation.status.attempts
    recovered = any(attempt.outcome is AttemptOutcome.RECOVERED for attempt in attempts)
    for attempt in attempts:
        if attempt.outcome in OUTCOMES and attempt.finished_at:
            yield Failure(
                remediation=remediation.name,
                uid=remediation.uid,
                attempt=attempt.number,
                action=_signed(attempt),
                outcome=attempt.outcome,
                time=attempt.finished_at,
                recovered=recovered,
            )


def _signed(attempt: Attempt) -> str:
    try:
        return signature(decision(attempt.decision))[:1024]
    except ValueError:  # written by another version, or by a person
        return f"{attempt.plan.action.value} {attempt.plan.target}"
