"""A decision as a plan that could be sent, or the reason why it cannot be. Nothing is sent to the cluster here but dry runs."""

from datetime import datetime

from planaria_contract import Decision, Isolate, ObjectRef
from planaria_operator.act.builder import Refusal
from planaria_operator.act.naming import attempt_name
from planaria_operator.api.actions import Mode
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.detect.selection import selects
from planaria_operator.kube.errors import Conflict, Forbidden, Permanent, TooManyRequests, Unavailable
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.proposals import Proposed
from planaria_operator.reconcile.tried import tried_in_vain


async def planned(parts: Parts, case: Case, decision: Decision) -> Proposed | Refusal:
    """With a plan that is proved by a dry run on the API server; or why it cannot be done, or cannot be said now."""
    try:
        return await _planned(parts, case, decision)
    except (Unavailable, TooManyRequests) as error:
        # One webhook, or one kind of object, may be away for hours while a record can be written all the same.
        return Refusal(Reason.API_UNAVAILABLE, str(error))


async def _planned(parts: Parts, case: Case, decision: Decision) -> Proposed | Refusal:
    if refusal := tried_in_vain(parts, case, decision) or _wrong_node(case, decision):
        return refusal
    if not _selected(parts, case, decision.target):
        return Refusal(Reason.NOT_SELECTED, f"{case.policy.name} does not select {decision.target}")
    token = attempt_name(case.remediation, len(case.status.attempts) + 1)
    time = _planning_time(parts, case, decision)
    observation = parts.observations[case.key].model_copy(update={"time": time})
    plan = await parts.planner.plan(decision, observation, case.policy, token)
    if isinstance(plan, Refusal):
        return plan
    # Only what may be sent is tried: a dry run is a changing call to whoever reads the audit log.
    refused = await _refused_dry(parts, plan) if _may_be_sent(case, plan) else None
    return refused or Proposed(decision, plan, time)


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
    """What the API server says to the plan, without doing it. Raises a Temporary KubeError where it says nothing of it."""
    try:
        await parts.actor.dry_run(plan.operations)
    except TooManyRequests as error:
        if not error.budget:
            raise
        return Refusal(Reason.DISRUPTION_BUDGET, str(error))
    except Conflict as error:
        return Refusal(Reason.WORLD_CHANGED, str(error))
    except Forbidden as error:
        return Refusal(Reason.FORBIDDEN, str(error))
    except Permanent as error:
        return Refusal(Reason.REJECTED, str(error))
    return None


def _wrong_node(case: Case, decision: Decision) -> Refusal | None:
    """A decider may name any node that it sees; only the one at fault may be closed."""
    if not isinstance(decision.parameters, Isolate):
        return None
    if decision.parameters.node == decision.target.name == case.node_at_fault:
        return None
    message = f"{case.target} does not say that node {decision.parameters.node} is at fault"
    return Refusal(Reason.WORKLOAD_SYMPTOM, message)


def _selected(parts: Parts, case: Case, target: ObjectRef) -> bool:
    if target.kind == "Node":
        return "Node" in case.policy.spec.kinds
    workload = parts.store.workload(target.kind, case.namespace, target.name)
    return workload is not None and selects(parts.store, case.policy, workload)
