import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from planaria_contract import Decision
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.guard.weather import CALM, Weather
from planaria_operator.objects.store import ClusterStore


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for all policies of one operator together."""

    actions_per_hour: int = 60
    acting: int = 20
    """Remediations that may be acting, verifying or reverting at the same time."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is about to be done, and the world it would be done in."""

    remediation: Remediation
    decision: Decision
    plan: Plan
    policy: HealingPolicy
    store: ClusterStore
    now: datetime
    protected_namespaces: frozenset[str]
    limits: Limits = Limits()
    weather: Weather = CALM

    @property
    def target(self) -> ObjectReference:
        """What shows the fault; the plan may act on something else."""
        return self.remediation.spec.target

    @property
    def confidence(self) -> int:
        """Whole percents. Raises LookupError where the fault was not understood."""
        state = self.remediation.status.semantic_state
        if state is None:
            raise LookupError(f"{self.remediation.name} has no semantic state")
        return state.confidence_percent

    @property
    def calls(self) -> Iterator[Operation]:
        """Everything that may be sent for the plan, undoing it included."""
        yield from (*self.plan.operations, *self.plan.inverse, *self.plan.cleanup)

    @property
    def policies(self) -> list[HealingPolicy]:
        """All of them, this one as it was read last."""
        own = self.policy.key
        return [self.policy, *(each for key, each in self.store.policies.items() if key != own)]

    @property
    def namespace(self) -> str:
        """Of what shows the fault. A node belongs to the namespace of the policy, and to none under a ClusterHealingPolicy."""
        own = self.policy.namespace
        return self.target.namespace or own


@dataclass(frozen=True, slots=True)
class Verdict:
    guard: str
    allowed: bool
    reason: Reason
    message: str
    retry_after: int = 30
    """Seconds after which asking again may give another answer."""


class Guard(Protocol):
    name: str

    def check(self, proposal: Proposal) -> Verdict: ...


def allow(guard: Guard, message: str) -> Verdict:
    return Verdict(guard.name, True, Reason.ALLOWED, message)


def refuse(guard: Guard, reason: Reason, message: str, retry_after: float = 30) -> Verdict:
    """`retry_after` in seconds; at least one."""
    return Verdict(guard.name, False, reason, message, max(1, math.ceil(retry_after)))


def first_refusal(verdicts: Sequence[Verdict]) -> Verdict | None:
    return next((verdict for verdict in verdicts if not verdict.allowed), None)
