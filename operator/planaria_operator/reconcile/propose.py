"""Understood -> Acting: decide, write the plan down, ask every guard, take the budget.

A decision that cannot be planned is masked with its reason and the decider is asked again, so the record shows what
was ruled out and why. Nothing is sent to the cluster here but dry runs.
"""

from planaria_contract import Action, Decision, Mask, ObjectRef
from planaria_operator.act.builder import Refusal
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import AttemptOutcome, Remediation
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.masks import policy_masks
from planaria_operator.decide.signature import signature
from planaria_operator.detect.selection import selects
from planaria_operator.kube.errors import Forbidden, Permanent, TooManyRequests
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.outcomes import blocked, escalated, waiting
from planaria_operator.reconcile.reserve import Proposed, guard_and_reserve
from planaria_operator.reconcile.understand import observe
from planaria_operator.record.convert import decision as stored_decision
from planaria_operator.record.convert import semantic_state
from planaria_operator.telemetry import metrics


async def propose(parts: Parts, case: Case) -> Remediation:
    limit = case.policy.spec.escalation.max_attempts
    if len(case.status.attempts) >= limit:
        return await escalated(parts, case, f"{limit} of {limit} allowed attempts are used up")
    masks = policy_masks(case.policy)
    for _ in Action:  # every refusal masks one category, so this ends
        decision = await _decide(parts, case, masks)
        parts.journal.passed(Station.DECIDE, case.key, action=decision.category.value, rule=decision.rule)
        if decision.category is Action.NONE:
            return await waiting(parts, case, decision)
        if decision.category is Action.ESCALATE:
            return await escalated(parts, case, decision.explanation, decision)
        plan = await _plan(parts, case, decision)
        if isinstance(plan, Plan):
            metrics.DECISIONS.labels(
                action=decision.category.value, decided_by=decision.decided_by.value
            ).inc()
            return await guard_and_reserve(parts, case, Proposed(decision, plan))
        if plan.reason is Reason.DISRUPTION_BUDGET:
            return await blocked(parts, case, plan.reason, plan.message, retry_after=15)
        masks = (
            *masks,
            Mask(category=decision.category, reason=plan.reason.value, message=plan.message[:280]),
        )
    return await escalated(parts, case, "no action is left that could be planned")


async def _decide(parts: Parts, case: Case, masks: tuple[Mask, ...]) -> Decision:
    observation = parts.observations.get(case.key) or await observe(parts, case)
    record = case.status.semantic_state
    assert record is not None, "a case is only proposed on once it is understood"
    situation = Situation(
        observation=observation,
        state=semantic_state(record),
        masks=masks,
        tried=tried(case),
        attempts_left=case.policy.spec.escalation.max_attempts - len(case.status.attempts),
    )
    return await parts.decider.decide(situation)


def tried(case: Case) -> tuple[Tried, ...]:
    """What did not help in this incident, and how often it was waited."""
    useless = {AttemptOutcome.INEFFECTIVE, AttemptOutcome.FAILED}
    actions = tuple(
        Tried(attempt.decision.action.value, signature(stored_decision(attempt.decision)))
        for attempt in case.status.attempts
        if attempt.outcome in useless
    )
    return actions + (Tried(Action.NONE.value, Action.NONE.value),) * case.status.waits


async def _plan(parts: Parts, case: Case, decision: Decision) -> Plan | Refusal:
    """The plan, proved by a dry run on the API server; or why it cannot be done."""
    if not _selected(parts, case, decision.target):
        return Refusal(Reason.NOT_SELECTED, f"{case.policy.name} does not select {decision.target}")
    token = f"{case.remediation.name}/{len(case.status.attempts) + 1}"
    observation = parts.observations[case.key]
    plan = await parts.planner.plan(decision, observation, case.policy, token)
    if isinstance(plan, Refusal) or case.policy.spec.mode == "Observe":
        return plan
    try:
        await parts.actor.dry_run(plan.operations)
    except TooManyRequests as error:
        return Refusal(Reason.DISRUPTION_BUDGET, str(error))
    except Forbidden as error:
        return Refusal(Reason.FORBIDDEN, str(error))
    except Permanent as error:
        return Refusal(Reason.REJECTED, str(error))
    return plan


def _selected(parts: Parts, case: Case, target: ObjectRef) -> bool:
    if target.kind == "Node":
        return "Node" in case.policy.spec.kinds
    workload = parts.store.workload(target.kind, case.policy.namespace, target.name)
    return workload is not None and selects(case.policy, workload)
