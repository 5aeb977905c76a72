"""The end of an action's delay: the guards and the planner are asked once more, because the world may be another by then."""

from dataclasses import replace
from typing import Final

from planaria_operator.act.builder import Refusal
from planaria_operator.api.actions import Mode
from planaria_operator.api.attempt import AnswerOutcome, Attempt, AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.plan import ObjectReference, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus
from planaria_operator.guard.approval import Approved
from planaria_operator.guard.chain import check_again
from planaria_operator.guard.verdict import Proposal, Verdict, allow, first_refusal, refuse
from planaria_operator.kube.errors import TooManyRequests, Unavailable
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.case import Case, Parts, commit
from planaria_operator.reconcile.outcomes import blocked
from planaria_operator.reconcile.proposals import Proposed
from planaria_operator.reconcile.reserve import LONGEST_RETRY, guard_records, proposal_of
from planaria_operator.reconcile.sent import token
from planaria_operator.reconcile.understand import observe
from planaria_operator.record.convert import decision
from planaria_operator.telemetry import metrics
from planaria_operator.text import listed

DELAY: Final = "delay"
"""Stands for a guard in the record of what is called off."""

ASK_SOON: Final = 15
"""Seconds until a person is asked for what nobody had to approve when it was written down."""


async def begin(parts: Parts, case: Case, attempt: Attempt) -> Case | Remediation:
    """The case with its attempt begun, which is written down before anything is sent; or the record of its being called off."""
    verdicts = asked_again(parts, case, attempt)
    refusal = first_refusal(verdicts)
    if refusal is None and (refusal := await _planned_no_more(parts, case, attempt)):
        verdicts.append(refusal)
    if refusal:
        return await _called_off(parts, case, attempt, verdicts, refusal)
    begun = attempt.model_copy(update={"begun_at": parts.clock()})
    remediation = await commit(parts, case, case.status.with_attempt(begun))
    return replace(case, remediation=remediation)


def asked_again(parts: Parts, case: Case, attempt: Attempt) -> list[Verdict]:
    """What those guards say now that may have changed their mind since the attempt was written down."""
    try:
        decided = decision(attempt.decision)
    except ValueError as error:  # written by another version, or by a person
        message = f"the decision cannot be read any more: {error}"
        return [Verdict(DELAY, allowed=False, reason=Reason.GUARD_UNAVAILABLE, message=message[:512])]
    # Its delay is over, so a change window need not hold that as well.
    now = decided.parameters.model_copy(update={"delay_seconds": 0})
    decided = decided.model_copy(update={"parameters": now})
    again = proposal_of(parts, case, Proposed(decided, attempt.plan, attempt.reserved_at))
    return [*check_again(again), _approval(again, attempt)]


async def _planned_no_more(parts: Parts, case: Case, attempt: Attempt) -> Verdict | None:
    """Why it could not be planned as things are now: a node may have been cordoned or lost meanwhile. None where it could; what is
    sent is what was written down.
    """
    found = await _planned_now(parts, case, attempt)
    if isinstance(found, Refusal):
        return Verdict(DELAY, allowed=False, reason=found.reason, message=found.message[:512])
    if dropped := _dropped(parts.store, attempt.plan, found):
        message = f"as things are now it would not {listed(dropped)}"[:512]
        return Verdict(DELAY, allowed=False, reason=Reason.WORLD_CHANGED, message=message)
    return None


async def _planned_now(parts: Parts, case: Case, attempt: Attempt) -> Plan | Refusal:
    decided, observation = decision(attempt.decision), await observe(parts, case)
    parts.observations.pop(case.key, None)
    try:
        return await parts.planner.plan(decided, observation, case.policy, token(case, attempt))
    except (Unavailable, TooManyRequests) as error:
        return Refusal(Reason.API_UNAVAILABLE, str(error))


def _dropped(store: ClusterStore, before: Plan, now: Plan) -> list[str]:
    """What replaces pods and would not be done now; without evictions that may fail, or of pods that are gone, which do nothing."""
    still = {(call.verb, call.object) for call in now.operations}
    calls = (
        call for call in before.operations if (call.verb, call.object) not in still and not call.best_effort
    )
    return [
        f"{call.verb.value.lower()} {call.object}"
        for call in calls
        if call.verb is Verb.PATCH or (call.verb is Verb.EVICT and _is_there(store, call.object))
    ]


def _is_there(store: ClusterStore, about: ObjectReference) -> bool:
    pod = store.pod(about.namespace or "", about.name)
    return pod is not None and pod.meta.uid == about.uid and pod.active


def _approval(again: Proposal, attempt: Attempt) -> Verdict:
    """As the guard says it, but of the whole attempt: what is asked about again may be one round of a drain."""
    guard, action, digest = Approved(), attempt.plan.action, attempt.digest
    if again.policy.spec.mode_of(action) is not Mode.APPROVE:
        return guard.check(again)
    if _was_approved(again.remediation.status, digest):
        return allow(guard, f"plan {digest} was approved")
    message = f"mode of {action.value} is Approve by now, and nobody has approved plan {digest}"
    return refuse(guard, Reason.AWAITING_APPROVAL, message, ASK_SOON)


def _was_approved(status: RemediationStatus, digest: str) -> bool:
    """What was approved and became void later does not count, though its answer still stands in the record."""
    approved = status.condition("Approved")
    return (
        approved is not None
        and approved.status is Status.TRUE
        and any(each.outcome is AnswerOutcome.COUNTED and each.digest == digest for each in status.answers)
    )


async def _called_off(
    parts: Parts, case: Case, attempt: Attempt, verdicts: list[Verdict], refusal: Verdict
) -> Remediation:
    """Nothing was sent. What is decided next is decided on new evidence."""
    metrics.REFUSALS.labels(guard=refusal.guard, reason=refusal.reason.value).inc()
    outcome = AttemptOutcome.SUPERSEDED
    metrics.ACTIONS.labels(action=attempt.plan.action.value, outcome=outcome.value).inc()
    message = f"called off at the end of its delay: {refusal.message}"
    over = {"outcome": outcome, "finished_at": parts.clock(), "message": message[:1024]}
    status = case.status.with_attempt(attempt.model_copy(update=over))
    status = status.model_copy(update={"guards": guard_records(verdicts)})
    wait = min(refusal.retry_after, LONGEST_RETRY)
    return await blocked(parts, case, refusal.reason, message, retry_after=wait, status=status)
