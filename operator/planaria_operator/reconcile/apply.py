"""Acting -> Verifying: carry out exactly what was written down. Every call here may be made a second time."""

from datetime import timedelta

from planaria_contract import Action
from planaria_operator.act.running import TOLD_CHARACTERS, CommandFailed
from planaria_operator.api.attempt import Attempt
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.evidence.redact import redactor_of
from planaria_operator.kube.errors import (
    KubeError,
    MayHaveRun,
    NotStarted,
)
from planaria_operator.reconcile.case import Case, Parts, commit
from planaria_operator.reconcile.delay import begin
from planaria_operator.reconcile.drain import drain
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.sent import applied, failed, not_sent, token

COMMAND_ERRORS = (CommandFailed, NotStarted, MayHaveRun)
"""How a declared command can fail. None is tried again within the attempt."""


async def apply(parts: Parts, case: Case) -> Remediation:
    attempt = case.status.attempt
    assert attempt is not None, "Acting is only entered by writing an attempt"
    due = attempt.reserved_at + timedelta(seconds=attempt.decision.parameters.delay_seconds or 0)
    if parts.clock() < due:
        return await commit(parts, case, case.status.model_copy(update={"next_check_at": due}))
    if attempt.queued:
        begun = await begin(parts, case, attempt)
        if isinstance(begun, Remediation):
            return begun
        case, attempt = begun, begun.status.attempts[-1]
    if attempt.plan.at_once is not None:
        return await drain(parts, case, attempt)
    return await _send(parts, case, attempt)


async def _send(parts: Parts, case: Case, attempt: Attempt) -> Remediation:
    try:
        notes = await parts.actor.apply(attempt.plan.operations, token(case, attempt))
    except COMMAND_ERRORS as error:  # it may quote what the command printed
        told = KubeError(redacted(case, str(error)))
        return await failed(parts, case, attempt, Reason.COMMAND_FAILED, told)
    except KubeError as error:
        return await not_sent(parts, case, attempt, error)
    parts.journal.passed(Station.ACT, case.key, action=attempt.plan.action.value)
    if attempt.plan.action is Action.RELOAD:
        notes = [redacted(case, note) for note in notes]
    return await applied(parts, case, attempt, notes)


def redacted(case: Case, note: str) -> str:
    """What a command printed is as private as a log, so the policy's own patterns go over it before it is told."""
    lines = redactor_of(case.policy.spec.evidence).lines(note.splitlines())
    return " ".join(" ".join(lines).split())[:TOLD_CHARACTERS]
