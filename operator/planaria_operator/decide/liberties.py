"""What a policy object lets an action do although somebody else has a say in the object."""

from dataclasses import dataclass
from typing import Final

from planaria_contract import Action
from planaria_operator.api.healing_policy import HealingPolicy


@dataclass(frozen=True, slots=True)
class Liberties:
    over_git: frozenset[Action] = frozenset()
    """Actions that may change what a GitOps controller writes."""
    raise_bounds: bool = True
    """A scale may raise the bounds of an autoscaler."""


USUAL: Final = Liberties()
"""Where the policy object says nothing."""


def liberties(policy: HealingPolicy) -> Liberties:
    scale = policy.spec.allows(Action.SCALE)
    return Liberties(
        over_git=frozenset(Action(each.type) for each in policy.spec.actions if each.overrides_git),
        raise_bounds=scale is None or scale.raises_bounds,
    )
