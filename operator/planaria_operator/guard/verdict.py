from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.objects.store import ClusterStore


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is about to be done, and the world it would be done in."""

    remediation: Remediation
    plan: Plan
    policy: HealingPolicy
    store: ClusterStore
    now: datetime
    protected_namespaces: frozenset[str]


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


def first_refusal(verdicts: Sequence[Verdict]) -> Verdict | None:
    return next((verdict for verdict in verdicts if not verdict.allowed), None)
