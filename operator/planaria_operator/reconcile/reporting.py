"""A case at its end, told to whoever decided: what was done, what came of it, and what it cost."""

from datetime import datetime

import structlog
from pydantic import ValidationError

from planaria_contract import AttemptOutcome as Attempted
from planaria_contract import Outcome
from planaria_operator.api.attempt import Attempt, AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.wordless import without_evidence
from planaria_operator.reconcile.case import Parts
from planaria_operator.record.convert import decision, semantic_state

log = structlog.get_logger("planaria.reconcile")


def incident_name(remediation: Remediation) -> str:
    """`namespace/name@uid`: people find the record by it, and a name that is used again is another incident."""
    name = f"{remediation.namespace}/{remediation.name}"
    return f"{name}@{remediation.uid}"[:253] if remediation.uid else name


def report(parts: Parts, remediation: Remediation, *, recovered: bool, escalated: bool = False) -> None:
    """Returns at once; a record that cannot be told is logged. `remediation`: as it was written at the end."""
    try:
        outcome = outcome_of(remediation, parts.clock(), recovered=recovered, escalated=escalated)
    except ValidationError as error:  # a record that another version, or a person, has written
        log.warning("outcome cannot be told", incident=incident_name(remediation), error=str(error))
        return
    parts.decider.tell(outcome)


def outcome_of(remediation: Remediation, now: datetime, *, recovered: bool, escalated: bool) -> Outcome:
    """Raises ValidationError where the record holds a decision that this version cannot read."""
    status = remediation.status
    open_for = max(0.0, (now - remediation.spec.visible_at).total_seconds())
    return Outcome(
        incident=incident_name(remediation),
        state=without_evidence(semantic_state(status.semantic_state)) if status.semantic_state else None,
        attempts=tuple(_attempted(attempt, now) for attempt in status.attempts if attempt.counts),
        recovered=recovered,
        escalated=escalated,
        seconds=open_for if status.recovery_seconds is None else status.recovery_seconds,
        harm=_harm(remediation),
    )


def _attempted(attempt: Attempt, now: datetime) -> Attempted:
    begun, ended = attempt.applied_at, attempt.finished_at or now
    return Attempted(
        decision=decision(attempt.decision),
        applied=begun is not None,
        helped=attempt.outcome is AttemptOutcome.RECOVERED,
        reverted=attempt.reverted_at is not None,
        seconds=max(0.0, (ended - begun).total_seconds()) if begun else 0.0,
    )


def _harm(remediation: Remediation) -> tuple[str, ...]:
    """An action that did not help and could not be undone is still in force."""
    reverted = remediation.status.condition("Reverted")
    failed = reverted is not None and (reverted.status, reverted.reason) == (
        Status.FALSE,
        Reason.REVERT_FAILED.value,
    )
    return (Reason.REVERT_FAILED.value,) if failed else ()
