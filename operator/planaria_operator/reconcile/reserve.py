"""The brakes, and the intent: after this is written the action will happen exactly once, whoever dies."""

from dataclasses import dataclass

from planaria_contract import Decision
from planaria_operator.api.conditions import Status
from planaria_operator.api.healing_policy import HealingPolicyStatus, Reservation
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Attempt, GuardRecord, Remediation, Stage
from planaria_operator.guard.budget import reserved
from planaria_operator.guard.chain import check_all
from planaria_operator.guard.verdict import Proposal, Verdict, first_refusal
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.outcomes import blocked
from planaria_operator.record.convert import decision_record
from planaria_operator.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Proposed:
    decision: Decision
    plan: Plan


async def guard_and_reserve(parts: Parts, case: Case, proposed: Proposed) -> Remediation:
    """Under the policy's lock, because the budget must not be read by two and taken by both."""
    async with parts.records.lock(case.policy):
        verdicts = _verdicts(parts, case, proposed.plan)
        parts.journal.passed(Station.GUARD, case.key, allowed=all(verdict.allowed for verdict in verdicts))
        refusal = first_refusal(verdicts)
        if refusal:
            return await _refused(parts, case, proposed, verdicts, refusal)
        await _take_budget(parts, case, proposed.plan)
        parts.journal.passed(Station.RESERVE, case.key)
        return await _write_intent(parts, case, proposed, verdicts)


def _verdicts(parts: Parts, case: Case, plan: Plan) -> list[Verdict]:
    newest = parts.store.policies.get((case.policy.namespace, case.policy.name), case.policy)
    return check_all(
        Proposal(
            remediation=case.remediation,
            plan=plan,
            policy=newest,
            store=parts.store,
            now=case.now,
            protected_namespaces=parts.settings.protected,
        )
    )


async def _refused(
    parts: Parts, case: Case, proposed: Proposed, verdicts: list[Verdict], refusal: Verdict
) -> Remediation:
    metrics.REFUSALS.labels(guard=refusal.guard, reason=refusal.reason.value).inc()
    would = f"would {proposed.plan.action.value} {proposed.plan.target}: {proposed.plan.summary}"
    status = case.status.model_copy(
        update={"decision": decision_record(proposed.decision), "guards": _records(verdicts)}
    )
    message = f"{refusal.message}; {would}"
    return await blocked(parts, case, refusal.reason, message, retry_after=refusal.retry_after, status=status)


async def _take_budget(parts: Parts, case: Case, plan: Plan) -> None:
    reservation = Reservation(
        remediation=case.remediation.name,
        attempt=len(case.status.attempts) + 1,
        target=str(plan.target),
        time=case.now,
    )

    def take(status: HealingPolicyStatus) -> HealingPolicyStatus:
        return reserved(case.policy.model_copy(update={"status": status}), reservation, case.now)

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
    status = case.status.with_attempt(attempt).model_copy(
        update={
            "stage": Stage.ACTING,
            "decision": record,
            "guards": _records(verdicts),
            "next_check_at": None,
            "healthy_since": None,
        }
    )
    message = f"{plan.action.value} {plan.target}: {plan.summary} ({proposed.decision.explanation})"
    status = status.with_condition("Succeeded", Status.UNKNOWN, Reason.ACTION_DECIDED, message, now=now)
    remediation = await commit(parts, case, status, Telling("decide", Reason.ACTION_DECIDED, message))
    parts.journal.passed(Station.INTENT, case.key, attempt=attempt.number, digest=attempt.digest)
    return remediation


def _records(verdicts: list[Verdict]) -> tuple[GuardRecord, ...]:
    return tuple(
        GuardRecord(guard=v.guard, allowed=v.allowed, reason=v.reason.value, message=v.message[:1024])
        for v in verdicts
    )
