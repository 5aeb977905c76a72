"""All guards in their documented order, and what happens when one cannot answer: it refuses."""

from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.guard.approval import Approved
from planaria_operator.guard.breaker import Breaker
from planaria_operator.guard.budget import ActionBudget, BudgetInTotal, BudgetOfNamespace, BudgetOfTarget
from planaria_operator.guard.concurrency import Concurrency
from planaria_operator.guard.confidence import ConfidenceFloor
from planaria_operator.guard.cooldown import Cooldown
from planaria_operator.guard.disruption import Disruption
from planaria_operator.guard.hesitation import Hesitation
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.mode import EnforceMode
from planaria_operator.guard.node_action import NodeAction
from planaria_operator.guard.opt_out import OptOut
from planaria_operator.guard.pause import NotPaused
from planaria_operator.guard.protected import ProtectedNamespace
from planaria_operator.guard.repeat import NoRepetition
from planaria_operator.guard.stale import FreshEvidence
from planaria_operator.guard.storm import Storm
from planaria_operator.guard.verdict import Guard, Proposal, Verdict
from planaria_operator.guard.windows import ChangeWindows

GUARDS: Final[tuple[Guard, ...]] = (
    ProtectedNamespace(),
    OptOut(),
    EnforceMode(),
    NotPaused(),
    Breaker(),
    ChangeWindows(),
    NodeAction(),
    ConfidenceFloor(),
    NoRepetition(),
    FreshEvidence(),
    Hesitation(),
    Storm(),
    Cooldown(),
    BudgetOfTarget(),
    ActionBudget(),
    BudgetOfNamespace(),
    BudgetInTotal(),
    Concurrency(),
    MinHealthy(),
    Disruption(),
    Approved(),
)
"""The first refusal is the one that is told: what a person cannot change soon stands before what passes by itself.

An approval comes last: a person is only asked for what could be done at once.
"""


AGAIN: Final = frozenset(
    {"protected-namespace", "opt-out", "mode", "pause", "breaker", "window", "storm", "min-healthy"}
)
"""Asked once more at the end of an action's delay. The others are about what was reserved, or about why it was decided."""


def check_again(proposal: Proposal) -> list[Verdict]:
    """The verdicts of those guards that may have changed their mind while an action was waiting for its time."""
    return [_ask(guard, proposal) for guard in GUARDS if guard.name in AGAIN]


def check_all(proposal: Proposal) -> list[Verdict]:
    """Every guard's verdict, in order; later guards are asked even after a refusal, so that the record shows them all."""
    return [_ask(guard, proposal) for guard in GUARDS]


def _ask(guard: Guard, proposal: Proposal) -> Verdict:
    try:
        return guard.check(proposal)
    except Exception as error:  # noqa: BLE001  a brake that breaks must hold
        message = f"could not be asked ({type(error).__name__}: {error})"
        return Verdict(guard.name, allowed=False, reason=Reason.GUARD_UNAVAILABLE, message=message)
