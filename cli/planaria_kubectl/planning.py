"""From a decision to a plan, as the operator goes: same observation, same runbook, same builders, same dry run."""

from dataclasses import dataclass, replace
from datetime import datetime

from planaria_contract import Action, Decision, Mask, ObjectRef, Observation, Symptom
from planaria_kubectl.world import World
from planaria_operator.act.actor import Actor
from planaria_operator.act.builder import Refusal
from planaria_operator.act.planner import Planner
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.runbook import Runbook
from planaria_operator.detect.selection import selects
from planaria_operator.evidence.collector import Collector
from planaria_operator.kube.errors import Forbidden, KubeError, Permanent, TooManyRequests
from planaria_operator.kube.interface import Kube


@dataclass(frozen=True)
class Planning:
    """Everything that plans are made from."""

    kube: Kube
    """Through which nothing can be changed."""
    world: World
    policy: HealingPolicy
    now: datetime

    async def observe(self, target: ObjectRef, symptoms: tuple[Symptom, ...], incident: str) -> Observation:
        collector = Collector(self.kube, self.world.store)
        return await collector.observe(self.policy, target, symptoms, incident, self.now)

    async def plan(self, decision: Decision, observation: Observation, token: str) -> Plan | Refusal:
        """Raises a Temporary KubeError where the server is away."""
        if not self._selected(decision.target):
            return Refusal(Reason.NOT_SELECTED, self._unselected(decision.target))
        return await Planner(self.kube, self.world.store).plan(decision, observation, self.policy, token)

    def _unselected(self, target: ObjectRef) -> str:
        space = target.namespace or self.policy.namespace
        if self.policy.cluster_wide and self.world.store.namespace(space) is None:
            return f"whether {self.policy.name} selects {target} is not known without the labels of namespace {space}"
        return f"{self.policy.name} does not select {target}"

    def _selected(self, target: ObjectRef) -> bool:
        if target.kind == "Node":
            return "Node" in self.policy.spec.kinds
        store, namespace = self.world.store, target.namespace or self.policy.namespace
        workload = store.workload(target.kind, namespace, target.name)
        return workload is not None and selects(store, self.policy, workload)


@dataclass(frozen=True)
class Proposed:
    decision: Decision
    plan: Plan | None = None
    """None where the decision is to wait or to hand over."""
    refused: tuple[Mask, ...] = ()
    """Actions that were chosen first and could not be planned."""


async def propose(planning: Planning, situation: Situation, token: str) -> Proposed:
    """What the runbook chooses, and again with what cannot be planned masked, until something can."""
    refused: tuple[Mask, ...] = ()
    while True:  # every refusal masks one category, so this ends
        decision = await Runbook().decide(replace(situation, masks=(*situation.masks, *refused)))
        if decision.category in {Action.NONE, Action.ESCALATE}:
            return Proposed(decision, refused=refused)
        plan = await planning.plan(decision, situation.observation, token)
        if isinstance(plan, Plan):
            return Proposed(decision, plan, refused)
        mask = Mask(category=decision.category, reason=plan.reason.value, message=plan.message[:280])
        refused = (*refused, mask)


async def rehearsed(kube: Kube, plan: Plan) -> tuple[bool | None, str]:
    """What the API server says to a dry run: True, False, or None where you may not even ask; and in words."""
    try:
        await Actor(kube).dry_run(plan.operations)
    except Forbidden as error:
        return None, f"you may not ask the API server (the operator may): {error}"
    except TooManyRequests as error:
        return (False, f"{Reason.DISRUPTION_BUDGET.value}: {error}") if error.budget else (None, str(error))
    except Permanent as error:
        return False, f"{Reason.REJECTED.value}: {error}"
    except KubeError as error:
        return None, str(error)
    return True, "the API server accepts every call in a dry run"
