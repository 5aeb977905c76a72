"""`diff`, as data. Pure: a plan, and the objects as they are now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planaria_kubectl.diff.changes import Change, changes_of
from planaria_kubectl.diff.standing import Standing, standing_of
from planaria_kubectl.report import Report
from planaria_kubectl.times import clock
from planaria_operator.act.naming import attempt_name
from planaria_operator.act.patches import REVERT
from planaria_operator.api.attempt import Attempt, ProposalRecord
from planaria_operator.api.base import ApiModel
from planaria_operator.api.plan import ObjectReference, Operation, Plan
from planaria_operator.api.remediation import Remediation


class OperationView(ApiModel):
    phase: str
    """apply, undo, or cleanup (made once the attempt is over)."""
    verb: str
    object: str
    best_effort: bool = False
    """Where it is refused the plan goes on."""
    standing: Standing
    changes: tuple[Change, ...]
    body: str = ""
    """Patch and Resize: what is sent, byte for byte."""


class DiffReport(Report):
    namespace: str
    remediation: str
    target: str
    attempt: int
    """The one that this is, or would be."""
    origin: str
    """Recorded: from the record, byte for byte. PlannedNow: nothing is written down yet; this is what would be planned from
    the decision in the record. Proposed: from the record, byte for byte; it waits for approval. Nothing: nothing would be applied, and `message` says why.
    """
    message: str = ""
    action: str = ""
    summary: str = ""
    harm: str = ""
    digest: str = ""
    outcome: str = ""
    applied_at: datetime | None = None
    reverted_at: datetime | None = None
    operations: tuple[OperationView, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Live:
    """The objects of a plan. What is in neither may not be read."""

    bodies: Mapping[ObjectReference, Mapping[str, Any]]
    gone: frozenset[ObjectReference] = frozenset()

    def standing(self, operation: Operation, token: str) -> Standing:
        about = operation.object
        return standing_of(operation, self.bodies.get(about), exists=about not in self.gone, token=token)


def objects_of(plan: Plan) -> set[ObjectReference]:
    return {each.object for _, each in _phases(plan)}


def recorded(remediation: Remediation, attempt: Attempt, live: Live, now: datetime) -> DiffReport:
    report = planned(remediation, attempt.plan, live, now, number=attempt.number)
    update = {
        "origin": "Recorded",
        "digest": attempt.digest,
        "outcome": attempt.outcome.value,
        "applied_at": attempt.applied_at,
        "reverted_at": attempt.reverted_at,
    }
    return report.model_copy(update=update)


def proposed(remediation: Remediation, asked: ProposalRecord, live: Live, now: datetime) -> DiffReport:
    number = len(remediation.status.attempts) + 1
    report = planned(remediation, asked.plan, live, now, number=number)
    told = f"approved by {asked.approved_by}" if asked.approved_at else "nobody has approved it yet"
    message = f"{told}; it holds until {clock(asked.expires_at, now)}"
    return report.model_copy(update={"origin": "Proposed", "digest": asked.digest, "message": message})


def planned(remediation: Remediation, plan: Plan, live: Live, now: datetime, *, number: int) -> DiffReport:
    token = attempt_name(remediation, number)
    return DiffReport(
        at=now,
        namespace=remediation.namespace,
        remediation=remediation.name,
        target=str(remediation.spec.target),
        attempt=number,
        origin="PlannedNow",
        action=plan.action.value,
        summary=plan.summary,
        harm=plan.harm,
        digest=plan.digest,
        operations=operations(plan, live, token),
    )


def operations(plan: Plan, live: Live, token: str) -> tuple[OperationView, ...]:
    return tuple(_operation(phase, each, live, token) for phase, each in _phases(plan))


def _phases(plan: Plan) -> Iterator[tuple[str, Operation]]:
    for phase, operations in (("apply", plan.operations), ("undo", plan.inverse), ("cleanup", plan.cleanup)):
        for operation in operations:
            yield phase, operation


def _operation(phase: str, operation: Operation, live: Live, token: str) -> OperationView:
    standing = live.standing(operation, token if phase == "apply" else f"{token}{REVERT}")
    # Where the change stands already, or the object has moved on, what was there before is no longer to be seen.
    before = live.bodies.get(operation.object) if standing in {Standing.FITS, Standing.UNKNOWN} else None
    return OperationView(
        phase=phase,
        verb=operation.verb.value,
        object=str(operation.object),
        best_effort=operation.best_effort,
        standing=standing,
        changes=changes_of(operation, before),
        body=operation.body,
    )
