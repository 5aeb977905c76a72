"""The brakes, and the intent: after this is written the action will happen exactly once, whoever dies."""

from datetime import datetime
from typing import Final

from planaria_operator.api.attempt import Attempt
from planaria_operator.api.conditions import Status
from planaria_operator.api.decision import GuardRecord
from planaria_operator.api.plan import Plan
from planaria_operator.api.policy_status import HealingPolicyStatus, Reservation
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.guard.budget import ledger_time, memory_seconds, reserved
from planaria_operator.guard.chain import check_all
from planaria_operator.guard.verdict import Limits, Proposal, Verdict, first_refusal
from planaria_operator.reconcile.approval import ask, overtaken
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.outcomes import blocked
from planaria_operator.reconcile.proposals import Proposed
from planaria_operator.record.convert import decision_record
from planaria_operator.telemetry import metrics

LONGEST_RETRY: Final = 300
"""Seconds. A guard may know that it is closed for a day; a person may open it meanwhile, and that must show."""


async def guard_and_reserve(parts: Parts, case: Case, proposed: Proposed) -> Remediation:
    """Under one lock, because the budget must not be read by two and taken by both."""
    async with parts.records.guarding:
        case = await overtaken(parts, case, proposed.plan)
        verdicts = check_all(proposal_of(parts, case, proposed))
        parts.journal.passed(Station.GUARD, case.key, allowed=all(verdict.allowed for verdict in verdicts))
        refusal = first_refusal(verdicts)
        if refusal is None:
            await _take_budget(parts, case, proposed.plan)
            parts.journal.passed(Station.RESERVE, case.key)
            return await _write_intent(parts, case, proposed, verdicts)
    # A refusal takes nothing that others would have to know of. In a storm hundreds are refused, and none waits for another's writing.
    return await _refused(parts, case, proposed, verdicts, refusal)


def proposal_of(parts: Parts, case: Case, proposed: Proposed) -> Proposal:
    newest = parts.store.policies.get(case.policy.key, case.policy)
    return Proposal(
        remediation=case.remediation,
        decision=proposed.decision,
        plan=proposed.plan,
        policy=newest,
        store=parts.store,
        now=parts.clock(),
        protected_namespaces=parts.settings.protected,
        limits=Limits(parts.settings.max_actions_per_hour, parts.settings.max_acting),
        weather=case.weather,
    )


async def _refused(
    parts: Parts, case: Case, proposed: Proposed, verdicts: list[Verdict], refusal: Verdict
) -> Remediation:
    metrics.REFUSALS.labels(guard=refusal.guard, reason=refusal.reason.value).inc()
    what = f"{proposed.plan.action.value} {proposed.plan.target}: {proposed.plan.summary}"
    status = case.status.model_copy(
        update={"decision": decision_record(proposed.decision), "guards": guard_records(verdicts)}
    )
    if refusal.reason is Reason.AWAITING_APPROVAL:
        return await ask(parts, case, proposed, status)
    if refusal.reason is Reason.RECOMMENDED:
        message = _recommendation(what, proposed.plan, verdicts)
        status = status.with_condition("Recommended", Status.TRUE, refusal.reason, message, now=parts.clock())
    else:
        message = f"{refusal.message}; would {what}"
    wait = min(refusal.retry_after, LONGEST_RETRY)
    return await blocked(parts, case, refusal.reason, message, retry_after=wait, status=status)


def _recommendation(what: str, plan: Plan, verdicts: list[Verdict]) -> str:
    """With what else would stand in the way, were the action enforced: a person should know of it too."""
    also = [v.reason.value for v in verdicts if not v.allowed and v.reason is not Reason.RECOMMENDED]
    other = f"; but also {', '.join(also)}" if also else ""
    return f"recommended: {what} (plan {plan.digest}){other}"


async def _take_budget(parts: Parts, case: Case, plan: Plan) -> None:
    policies = (*parts.store.policies.values(), case.policy)
    reservation = Reservation(
        remediation=case.remediation.name,
        uid=case.remediation.uid,
        attempt=len(case.status.attempts) + 1,
        target=str(plan.target),
        namespace=case.namespace,
        time=ledger_time(policies, parts.clock()),
    )
    memory = memory_seconds(policies)

    def take(status: HealingPolicyStatus) -> HealingPolicyStatus:
        return reserved(status, reservation, memory)

    await parts.records.update_policy(case.policy, take)


async def _write_intent(parts: Parts, case: Case, proposed: Proposed, verdicts: list[Verdict]) -> Remediation:
    record, plan = decision_record(proposed.decision), proposed.plan
    now = parts.clock()
    attempt = Attempt(
        number=len(case.status.attempts) + 1,
        decision=record,
        plan=plan,
        digest=plan.digest,
        reserved_at=now,
    )
    status = (
        _of_this_attempt(case.status, attempt.number, now)
        .with_attempt(attempt)
        .not_recommended(now=now)
        .model_copy(
            update={
                "stage": Stage.ACTING,
                "decision": record,
                "proposal": None,  # an approved one is the attempt from here on
                "guards": guard_records(verdicts),
                "next_check_at": None,
                "healthy_since": None,
            }
        )
    )
    message = f"{plan.action.value} {plan.target}: {plan.summary} ({proposed.decision.explanation})"
    status = status.with_condition("Succeeded", Status.UNKNOWN, Reason.ACTION_DECIDED, message, now=now)
    remediation = await commit(parts, case, status, Telling("decide", Reason.ACTION_DECIDED, message))
    parts.journal.passed(Station.INTENT, case.key, attempt=attempt.number, digest=attempt.digest)
    return remediation


def _of_this_attempt(status: RemediationStatus, number: int, now: datetime) -> RemediationStatus:
    """Without what the conditions say of the attempt before, or of what held this one: people wait for them to be True.

    `Verified` is False until this one has helped, whatever it says of the one before.
    """
    if status.condition("Executed"):
        unsent = f"nothing of attempt {number} is sent yet"
        status = status.with_condition("Executed", Status.UNKNOWN, Reason.ACTION_DECIDED, unsent, now=now)
    if status.condition("Reverted"):
        stands = f"attempt {number} is not undone"
        status = status.with_condition("Reverted", Status.FALSE, Reason.NOT_REVERTED, stands, now=now)
    return status


def guard_records(verdicts: list[Verdict]) -> tuple[GuardRecord, ...]:
    return tuple(
        GuardRecord(guard=v.guard, allowed=v.allowed, reason=v.reason.value, message=v.message[:1024])
        for v in verdicts
    )
