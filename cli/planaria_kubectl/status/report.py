"""`status`, as data. Pure: from what was read, and the time, to what is said."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from planaria_kubectl.pauses import PauseRequest
from planaria_kubectl.report import Report
from planaria_kubectl.standing import action_of, ending, overdue, waits_for
from planaria_kubectl.world import World
from planaria_operator.api.base import ApiModel
from planaria_operator.api.conditions import Condition, Status
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation

LATEST: Final = 5
"""Finished Remediations that are told."""
NORMALLY_TRUE: Final = ("Ready",)
AVAILABLE: Final = "Available"
BRAKES: Final = frozenset({"Paused", "StormActive", "BreakerOpen"})
"""Conditions that are True where something is amiss."""


class BudgetUse(ApiModel):
    used: int
    limit: int
    window_seconds: int
    next_free_at: datetime | None = None
    """When another action is free; unset where one is free now, or where the limit is 0."""


class PolicyLine(ApiModel):
    kind: str = "HealingPolicy"
    namespace: str
    """Empty for a ClusterHealingPolicy."""
    name: str
    mode: str
    ready: str
    """True, False or Unknown."""
    seen: bool
    """Whether an operator has looked at the policy as it is now."""
    targets: int
    unhealthy: int
    active: int
    budget: BudgetUse
    pauses: tuple[PauseRequest, ...] = ()
    conditions: tuple[Condition, ...] = ()
    """Those that say that something is amiss."""


class ActiveLine(ApiModel):
    namespace: str
    name: str
    policy: str
    target: str
    fault: str = ""
    action: str = ""
    stage: str
    since: datetime
    attempts: int
    waits_for: str
    next_check_at: datetime | None = None
    overdue: bool = False


class FinishedLine(ApiModel):
    namespace: str
    name: str
    policy: str
    target: str
    fault: str = ""
    action: str = ""
    """The last that was applied; empty where nothing was."""
    result: str
    recovery_seconds: int | None = None
    finished_at: datetime | None = None


class StatusReport(Report):
    namespace: str = ""
    """Empty for all."""
    policies: tuple[PolicyLine, ...] = ()
    active: tuple[ActiveLine, ...] = ()
    """Those that need a person first, then the newest."""
    finished: tuple[FinishedLine, ...] = ()
    """The latest of each namespace's, newest first."""
    notes: tuple[str, ...] = ()


def summarised(world: World, namespace: str, now: datetime) -> StatusReport:
    policies = world.store.policies
    still_open = [each for each in world.remediations if not each.status.finished]
    over = (each for each in world.remediations if each.status.finished)
    latest = sorted(over, key=lambda each: each.status.finished_at or each.spec.visible_at, reverse=True)
    return StatusReport(
        at=now,
        namespace=namespace,
        policies=tuple(_policy(world, policy, now) for policy in world.policies),
        active=tuple(_active(each, policies.get(each.policy_key), now) for each in _urgent(still_open)),
        finished=tuple(_finished(each) for each in islice(latest, LATEST)),
        notes=tuple(world.notes),
    )


def _policy(world: World, policy: HealingPolicy, now: datetime) -> PolicyLine:
    ready = next((each for each in policy.status.conditions if each.type == "Ready"), None)
    asked = world.pauses.get(policy.key, ())
    return PolicyLine(
        kind=policy.kind,
        namespace=policy.namespace,
        name=policy.name,
        mode=policy.spec.mode.value,
        ready=ready.status.value if ready else Status.UNKNOWN.value,
        seen=policy.status.observed_generation == policy.generation,
        targets=policy.status.targets,
        unhealthy=policy.status.unhealthy,
        active=policy.status.active,
        budget=_budget(policy, now),
        pauses=tuple(each for each in asked if each.holds(now)),
        conditions=tuple(each for each in policy.status.conditions if amiss(each)),
    )


def amiss(condition: Condition) -> bool:
    if condition.type in BRAKES:
        return condition.status is Status.TRUE
    watched = condition.type in NORMALLY_TRUE or condition.type.endswith(AVAILABLE)
    return watched and condition.status is not Status.TRUE


def _budget(policy: HealingPolicy, now: datetime) -> BudgetUse:
    budget = policy.spec.guardrails.budget
    window = timedelta(seconds=budget.window_seconds)
    used = sorted(each.time for each in policy.status.reservations if each.time > now - window)
    full = 0 < budget.actions <= len(used)
    return BudgetUse(
        used=len(used),
        limit=budget.actions,
        window_seconds=budget.window_seconds,
        next_free_at=used[len(used) - budget.actions] + window if full else None,
    )


def _urgent(remediations: Iterable[Remediation]) -> list[Remediation]:
    return sorted(remediations, key=lambda each: each.status.stage.value != "Escalated")


def _active(remediation: Remediation, policy: HealingPolicy | None, now: datetime) -> ActiveLine:
    status = remediation.status
    return ActiveLine(
        namespace=remediation.namespace,
        name=remediation.name,
        policy=remediation.spec.policy,
        target=str(remediation.spec.target),
        fault=status.semantic_state.fault.value if status.semantic_state else "",
        action=action_of(remediation),
        stage=status.stage.value,
        since=remediation.spec.visible_at,
        attempts=len(status.attempts),
        waits_for=waits_for(remediation, policy, now),
        next_check_at=status.next_check_at,
        overdue=overdue(remediation, now) is not None,
    )


def _finished(remediation: Remediation) -> FinishedLine:
    status = remediation.status
    applied = [each.plan.action.value for each in status.attempts if each.applied_at]
    return FinishedLine(
        namespace=remediation.namespace,
        name=remediation.name,
        policy=remediation.spec.policy,
        target=str(remediation.spec.target),
        fault=status.semantic_state.fault.value if status.semantic_state else "",
        action=applied[-1] if applied else "",
        result=ending(remediation),
        recovery_seconds=status.recovery_seconds,
        finished_at=status.finished_at,
    )
