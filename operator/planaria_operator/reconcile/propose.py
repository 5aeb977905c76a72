"""Understood -> Acting: decide, write the plan down, ask every guard, take the budget.

A decision that cannot be planned is masked with its reason and the decider is asked again, so the record shows what
was ruled out and why. Nothing is sent to the cluster here but dry runs.
"""

from planaria_contract import Action, Decision, Isolate, Mask, ObjectRef
from planaria_operator.act.builder import Refusal
from planaria_operator.api.actions import Mode
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import AttemptOutcome, Remediation
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.liberties import liberties
from planaria_operator.decide.masks import confidence_masks, node_masks, patience_masks, policy_masks
from planaria_operator.decide.signature import place_of, signature
from planaria_operator.detect.selection import selects
from planaria_operator.guard.ledger import useless
from planaria_operator.kube.errors import Forbidden, Permanent, TooManyRequests
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.cordons import being_isolated
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.outcomes import blocked, escalated, waiting
from planaria_operator.reconcile.reporting import incident_name
from planaria_operator.reconcile.reserve import Proposed, guard_and_reserve
from planaria_operator.reconcile.understand import observe
from planaria_operator.record.convert import decision as stored_decision
from planaria_operator.record.convert import semantic_state
from planaria_operator.telemetry import metrics


async def propose(parts: Parts, case: Case) -> Remediation:
    limit = case.policy.spec.escalation.max_attempts
    if len(case.status.attempts) >= limit:
        return await escalated(parts, case, f"{limit} of {limit} allowed attempts are used up")
    if lead := being_isolated(parts.store, case):
        return await blocked(parts, case, Reason.SHARED_CAUSE, lead, retry_after=10)
    return await _choose(parts, case)


async def _choose(parts: Parts, case: Case) -> Remediation:
    masks = _known_masks(case)
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


def _known_masks(case: Case) -> tuple[Mask, ...]:
    """What a guard would refuse for the whole category, whatever the plan, is not even proposed."""
    state = case.status.semantic_state
    unsure = confidence_masks(case.policy, state.confidence_percent) if state else ()
    return (
        *policy_masks(case.policy),
        *unsure,
        *patience_masks(case.policy, case.status.waits),
        *node_masks(case.target, _shared_node(case)),
    )


def _shared_node(case: Case) -> str | None:
    shared = case.weather.shared_nodes.get(case.target.uid or "")
    return shared.node if shared else None


async def _decide(parts: Parts, case: Case, masks: tuple[Mask, ...]) -> Decision:
    observation = parts.observations.get(case.key) or await observe(parts, case)
    record = case.status.semantic_state
    assert record is not None, "a case is only proposed on once it is understood"
    situation = Situation(
        observation=observation,
        state=semantic_state(record),
        masks=masks,
        liberties=liberties(case.policy),
        tried=(*tried(case), *_tried_before(parts, case)),
        attempts_left=case.policy.spec.escalation.max_attempts - len(case.status.attempts),
        mode=case.policy.spec.decide.mode,
        age_seconds=max(0.0, (parts.clock() - case.remediation.spec.visible_at).total_seconds()),
        shared_node=_shared_node(case),
        incident=incident_name(case.remediation),
    )
    return await parts.decider.decide(situation)


def tried(case: Case) -> tuple[Tried, ...]:
    """What did not help in this incident, and how often it was waited."""
    useless = {AttemptOutcome.INEFFECTIVE, AttemptOutcome.FAILED}
    actions = tuple(
        Tried(done.category.value, signature(done), done.parameters)
        for done in (
            stored_decision(attempt.decision)
            for attempt in case.status.attempts
            if attempt.outcome in useless
        )
    )
    return actions + (Tried(Action.NONE.value, Action.NONE.value),) * case.status.waits


def _tried_before(parts: Parts, case: Case) -> tuple[Tried, ...]:
    """What did not help on the same target in earlier incidents: the guard would refuse it, so something else is sought."""
    place = place_of(case.target)
    known = useless(parts.store, case.policy, parts.clock(), besides=case.remediation.name)
    parts_of = (signed.split(" ") for signed in sorted(known))
    return tuple(Tried(words[0], " ".join(words)) for words in parts_of if words[1:2] == [place])


async def _plan(parts: Parts, case: Case, decision: Decision) -> Plan | Refusal:
    """The plan, proved by a dry run on the API server; or why it cannot be done."""
    if refusal := _useless(parts, case, decision) or _wrong_node(case, decision):
        return refusal
    if not _selected(parts, case, decision.target):
        return Refusal(Reason.NOT_SELECTED, f"{case.policy.name} does not select {decision.target}")
    token = f"{case.remediation.name}/{len(case.status.attempts) + 1}"
    observation = parts.observations[case.key]
    plan = await parts.planner.plan(decision, observation, case.policy, token)
    if isinstance(plan, Refusal) or case.policy.spec.mode_of(decision.category) is not Mode.ENFORCE:
        return plan  # a dry run is a changing call to whoever reads the audit log
    return await _refused_dry(parts, plan) or plan


async def _refused_dry(parts: Parts, plan: Plan) -> Refusal | None:
    """What the API server says to the plan, without doing it."""
    try:
        await parts.actor.dry_run(plan.operations)
    except TooManyRequests as error:
        return Refusal(Reason.DISRUPTION_BUDGET, str(error))
    except Forbidden as error:
        return Refusal(Reason.FORBIDDEN, str(error))
    except Permanent as error:
        return Refusal(Reason.REJECTED, str(error))
    return None


def _useless(parts: Parts, case: Case, decision: Decision) -> Refusal | None:
    """A decider that proposes again what did not help is asked for something else; in one incident for good."""
    wanted = signature(decision)
    if wanted in _ineffective_here(case):
        return Refusal(Reason.ALREADY_TRIED, f"did not help in {case.remediation.name}: {wanted}")
    known = useless(parts.store, case.policy, parts.clock()).get(wanted)
    if known is None:
        return None
    return Refusal(Reason.INEFFECTIVE_BEFORE, f"did not help in {known.remediation}: {known.action}")


def _wrong_node(case: Case, decision: Decision) -> Refusal | None:
    """A decider may name any node that it sees; only the one at fault may be closed."""
    if not isinstance(decision.parameters, Isolate):
        return None
    at_fault = case.target.name if case.target.kind == "Node" else _shared_node(case)
    if decision.parameters.node == decision.target.name == at_fault:
        return None
    message = f"{case.target} does not say that node {decision.parameters.node} is at fault"
    return Refusal(Reason.WORKLOAD_SYMPTOM, message)


def _ineffective_here(case: Case) -> set[str]:
    """By signature, from the record itself: guardrails.repeatWindowSeconds is about other incidents."""
    return {
        signature(stored_decision(attempt.decision))
        for attempt in case.status.attempts
        if attempt.outcome is AttemptOutcome.INEFFECTIVE
    }


def _selected(parts: Parts, case: Case, target: ObjectRef) -> bool:
    if target.kind == "Node":
        return "Node" in case.policy.spec.kinds
    workload = parts.store.workload(target.kind, case.namespace, target.name)
    return workload is not None and selects(parts.store, case.policy, workload)
