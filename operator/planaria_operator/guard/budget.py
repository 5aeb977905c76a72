"""So many actions within a sliding window, counted from the policies' status, so that a restart forgets nothing."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.guardrails import Budget, NamespaceBudget, TargetBudget
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import HealingPolicyStatus, Reservation
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse

MOST_RESERVATIONS: Final = 1000
"""As many as the status holds."""

TOTAL_WINDOW_SECONDS: Final = 3600

Limit = Budget | TargetBudget | NamespaceBudget


class SlidingBudget:
    """What the four budgets have in common; they differ in what they count and what they are called."""

    name: str
    reason: Reason
    of: str

    def limit(self, proposal: Proposal) -> Limit:
        raise NotImplementedError

    def counted(self, proposal: Proposal) -> Iterable[Reservation]:
        raise NotImplementedError

    def check(self, proposal: Proposal) -> Verdict:
        budget = self.limit(proposal)
        oldest = ledger_time(proposal.policies, proposal.now) - timedelta(seconds=budget.window_seconds)
        # Taken already where the operator died between reserving and writing the attempt: it is not taken twice.
        used = sorted(
            each.time
            for each in self.counted(proposal)
            if each.time > oldest and not _own(each, proposal.remediation)
        )
        message = (
            f"{len(used)} of {budget.actions} actions of {self.of} used within {budget.window_seconds} s"
        )
        if len(used) < budget.actions:
            return allow(self, message)
        wait = _until_free(used, budget, proposal.now)
        return refuse(self, self.reason, f"{message}; the next is free in {wait} s", wait)


class ActionBudget(SlidingBudget):
    name = "budget"
    reason = Reason.BUDGET_EXHAUSTED
    of = "the policy"

    def limit(self, proposal: Proposal) -> Limit:
        return proposal.policy.spec.guardrails.budget

    def counted(self, proposal: Proposal) -> Iterable[Reservation]:
        return proposal.policy.status.reservations


class BudgetOfTarget(SlidingBudget):
    name = "target-budget"
    reason = Reason.TARGET_BUDGET_EXHAUSTED
    of = "the target"

    def limit(self, proposal: Proposal) -> Limit:
        return proposal.policy.spec.guardrails.target_budget

    def counted(self, proposal: Proposal) -> Iterator[Reservation]:
        """A node is one target, whichever namespace's pods are moved off it, and under whichever policy."""
        target = proposal.plan.target
        for policy in proposal.policies:
            for each in policy.status.reservations:
                here = target.kind == "Node" or counted_in(each, policy) == proposal.namespace
                if here and each.target == str(target):
                    yield each


class BudgetOfNamespace(SlidingBudget):
    name = "namespace-budget"
    reason = Reason.NAMESPACE_BUDGET_EXHAUSTED
    of = "the namespace"

    def check(self, proposal: Proposal) -> Verdict:
        if not proposal.namespace:
            return allow(self, "a node is in no namespace")
        return super().check(proposal)

    def limit(self, proposal: Proposal) -> Limit:
        return proposal.policy.spec.guardrails.namespace_budget

    def counted(self, proposal: Proposal) -> Iterator[Reservation]:
        for policy in proposal.policies:
            for each in policy.status.reservations:
                if counted_in(each, policy) == proposal.namespace:
                    yield each


class BudgetInTotal(SlidingBudget):
    name = "total-budget"
    reason = Reason.TOTAL_BUDGET_EXHAUSTED
    of = "the operator"

    def limit(self, proposal: Proposal) -> Limit:
        # Not validated: the flag may ask for more than the status of a single policy can count.
        limit = proposal.limits.actions_per_hour
        return Budget.model_construct(actions=limit, window_seconds=TOTAL_WINDOW_SECONDS)

    def counted(self, proposal: Proposal) -> Iterator[Reservation]:
        for policy in proposal.policies:
            yield from policy.status.reservations


def counted_in(reservation: Reservation, policy: HealingPolicy) -> str:
    """The namespace whose budget it was taken from; none where a ClusterHealingPolicy acted on a node."""
    return reservation.namespace or policy.namespace


def ledger_time(policies: Iterable[HealingPolicy], now: datetime) -> datetime:
    """The time that reservations are stamped with and judged by: it never goes back, though the clock may."""
    return max([now, *(each.time for policy in policies for each in policy.status.reservations)])


def memory_seconds(policies: Iterable[HealingPolicy]) -> int:
    """How far back any brake of any policy looks."""
    return max([TOTAL_WINDOW_SECONDS, *(policy.spec.guardrails.longest_memory for policy in policies)])


def reserved(status: HealingPolicyStatus, reservation: Reservation, memory: int) -> HealingPolicyStatus:
    """The status with `reservation` taken once, and without those more than `memory` seconds older."""
    horizon = reservation.time - timedelta(seconds=memory)
    others = (each for each in status.reservations if each.time > horizon and not each.is_same(reservation))
    kept = sorted([*others, reservation], key=lambda each: each.time)
    return status.model_copy(update={"reservations": tuple(kept[-MOST_RESERVATIONS:])})


def _own(reservation: Reservation, remediation: Remediation) -> bool:
    """Whether it is of the attempt that is about to be made."""
    number = len(remediation.status.attempts) + 1
    return reservation.is_of(remediation.name, remediation.uid) and reservation.attempt == number


def _until_free(used: list[datetime], budget: Limit, now: datetime) -> int:
    """Seconds until enough reservations have left the window; a budget of none is asked again after a whole window."""
    if budget.actions == 0:
        return budget.window_seconds
    leaving = used[len(used) - budget.actions]
    return max(1, math.ceil((leaving + timedelta(seconds=budget.window_seconds) - now).total_seconds()))
