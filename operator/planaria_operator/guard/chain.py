"""All guards in their documented order, and what happens when one cannot answer: it refuses."""

from typing import Final

from planaria_operator.api.reasons import Reason
from planaria_operator.guard.budget import ActionBudget
from planaria_operator.guard.cooldown import Cooldown
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.mode import EnforceMode
from planaria_operator.guard.protected import ProtectedNamespace
from planaria_operator.guard.verdict import Guard, Proposal, Verdict

GUARDS: Final[tuple[Guard, ...]] = (
    ProtectedNamespace(),
    EnforceMode(),
    Cooldown(),
    ActionBudget(),
    MinHealthy(),
)
"""The first refusal is the one that is told: what a person cannot change soon stands before what passes by itself."""


def check_all(proposal: Proposal) -> list[Verdict]:
    """Every guard's verdict, in order; later guards are asked even after a refusal, so that the record shows them all."""
    return [_ask(guard, proposal) for guard in GUARDS]


def _ask(guard: Guard, proposal: Proposal) -> Verdict:
    try:
        return guard.check(proposal)
    except Exception as error:  # noqa: BLE001  a brake that breaks must hold
        message = f"could not be asked ({type(error).__name__}: {error})"
        return Verdict(guard.name, allowed=False, reason=Reason.GUARD_UNAVAILABLE, message=message)
