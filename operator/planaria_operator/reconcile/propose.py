"""Understood -> Acting: decide, write the plan down, ask every guard, take the budget.

A decision that cannot be planned is masked with its reason and the decider is asked again, so the record shows what
was ruled out and why. Nothing is sent to the cluster here but dry runs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from planaria_contract import Action, Decision, Isolate, Mask, ObjectRef, Wait
from planaria_operator.act.builder import Refusal
from planaria_operator.api.actions import Mode
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.liberties import liberties
from planaria_operator.decide.masks import (
    confidence_masks,
    node_masks,
    patience_masks,
    policy_masks,
    rung_masks,
)
from planaria_operator.decide.signature import place_of, signature
from planaria_operator.detect.selection import selects
from planaria_operator.guard.ledger import useless
from planaria_operator.kube.errors import Forbidden, Permanent, TooManyRequests
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.cordons import being_isolated
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.ladder import above, attempts_left, over, rung_of
from planaria_operator.reconcile.outcomes import blocked, climbed, escalated, waiting
from planaria_operator.reconcile.proposals import Proposed
from planaria_operator.reconcile.reporting import incident_name
from planaria_operator.reconcile.reserve import guard_and_reserve
from planaria_operator.reconcile.understand import observe
from planaria_operator.record.convert import decision as stored_decision
from planaria_operator.record.convert import semantic_state
from planaria_operator.telemetry import metrics

LOOK_AGAIN: Final = (30, 60, 180, 300)
"""Seconds between two readings of evidence that was not sure enough. After ten minutes of it a person should know."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is left to do on this rung: the next one comes, and above the last one a person."""

    why: str
    decision: Decision | None = None


async def propose(parts: Parts, case: Case) -> Remediation:
    if lead := being_isolated(parts.store, case):
        return await blocked(parts, case, Reason.SHARED_CAUSE, lead, retry_after=10)
    while True:  # every round leaves a rung, so this ends
        why = over(case.policy, case.status, parts.clock())
        found = Nothing(why) if why else await _on_this_rung(parts, case)
        if isinstance(found, Remediation):
            return found
        higher = above(case.policy, case.status, parts.clock())
        if higher is None:
            return await escalated(parts, case, found.why, found.decision)
        case = await climbed(parts, case, higher, found.why)


async def _on_this_rung(parts: Parts, case: Case) -> Remediation | Nothing:
    masks = _known_masks(case)
    for _ in Action:  # every refusal masks one category, so this ends
        decision = await _decide(parts, case, masks)
        parts.journal.passed(Station.DECIDE, case.key, action=decision.category.value, rule=decision.rule)
        if decision.category is Action.NONE:
            return await waiting(parts, case, decision)
        if decision.category is Action.ESCALATE and _may_get_surer(case, masks):
            return await waiting(parts, case, _look_again(case, decision))
        if decision.category is Action.ESCALATE:
            return Nothing(decision.explanation, decision)
        plan = await _plan(parts, case, decision)
        if isinstance(plan, Plan):
            metrics.DECISIONS.labels(
                action=decision.category.value, decided_by=decision.decided_by.value
            ).inc()
            proposed = Proposed(decision, plan, _planning_time(parts, case, decision))
            return await guard_and_reserve(parts, case, proposed)
        if plan.reason is Reason.DISRUPTION_BUDGET:
            return await blocked(parts, case, plan.reason, plan.message, retry_after=15)
        masks = (
            *masks,
            Mask(category=decision.category, reason=plan.reason.value, message=plan.message[:280]),
        )
    return Nothing("no action is left that could be planned")


def _known_masks(case: Case) -> tuple[Mask, ...]:
    """What a guard would refuse for the whole category, whatever the plan, is not even proposed."""
    state = case.status.semantic_state
    unsure = confidence_masks(case.policy, state.confidence_percent) if state else ()
    return (
        *policy_masks(case.policy),
        *rung_masks(rung_of(case.policy, case.status)),
        *unsure,
        *patience_masks(case.policy, case.status.waits),
        *node_masks(case.target, _shared_node(case)),
    )


def _shared_node(case: Case) -> str | None:
    shared = case.weather.shared_nodes.get(case.target.uid or "")
    return shared.node if shared else None


def _may_get_surer(case: Case, masks: tuple[Mask, ...]) -> bool:
    """Nothing was done yet, and doubt alone rules out an action: evidence that is read later may be better."""
    unsure = {mask.category for mask in masks if mask.reason == Reason.LOW_CONFIDENCE}
    other = {mask.category for mask in masks if mask.reason != Reason.LOW_CONFIDENCE}
    fresh = not case.status.attempts and case.status.waits < len(LOOK_AGAIN)
    return fresh and bool(unsure - other) and Action.NONE not in other


def _look_again(case: Case, decision: Decision) -> Decision:
    """Instead of asking for a person at once; escalation.maxWaits, and a rung's time, may end it sooner."""
    seconds = LOOK_AGAIN[case.status.waits]
    why = f"not sure enough to act, so the evidence is read again; else: {decision.explanation}"
    changes = {"parameters": Wait(wait_seconds=seconds), "rule": "look-again", "explanation": why[:280]}
    return decision.model_copy(update=changes)


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
        attempts_left=attempts_left(case.policy, case.status),
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
    time = _planning_time(parts, case, decision)
    observation = parts.observations[case.key].model_copy(update={"time": time})
    plan = await parts.planner.plan(decision, observation, case.policy, token)
    if isinstance(plan, Refusal) or not _may_be_sent(case, plan):
        return plan  # a dry run is a changing call to whoever reads the audit log
    return await _refused_dry(parts, plan) or plan


def _planning_time(parts: Parts, case: Case, decision: Decision) -> datetime:
    """What is proposed already is planned as of then: a plan that says when it was made would never be the same again."""
    asked = case.status.open_proposal
    if asked and asked.plan.action is decision.category:
        return asked.planned_at
    return parts.observations[case.key].time


def _may_be_sent(case: Case, plan: Plan) -> bool:
    """Whether the policy, and under Approve a person, would have it done."""
    mode, asked = case.policy.spec.mode_of(plan.action), case.status.open_proposal
    approved = asked is not None and asked.approved_at is not None and asked.digest == plan.digest
    return mode is Mode.ENFORCE or (mode is Mode.APPROVE and approved)


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
