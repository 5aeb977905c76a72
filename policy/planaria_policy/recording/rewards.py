"""What one decision of a real incident cost, in the simulator's unit: minutes in which everything is down for everybody."""

from typing import Final

from planaria_contract import Action
from planaria_policy.spaces.prices import DISTURBED_MINUTES, HARM_MINUTES, price

MOST_MINUTES: Final = 1440.0
"""Of one decision: a fault that nobody mends for longer weighs as a day."""


def reward(
    action: Action, seconds: float, share: float, *, disturbed: float = 0.0, harmed: bool = False
) -> float:
    """Minutes, at most 0. `seconds`: until the next decision or the end. `share`: of the target's pods that were affected
    meanwhile, 0 to 1. `disturbed`: share of the pods that were well and were replaced all the same.
    """
    lost = max(seconds, 0.0) * share / 60
    whole = lost + price(action) + DISTURBED_MINUTES * disturbed + HARM_MINUTES * harmed
    return -min(whole, MOST_MINUTES)


def disturbs(action: Action, *, whole_workload: bool, rolling: bool, share: float) -> float:
    """Share of the pods that were well and are replaced: a changed template replaces every pod, going back in the middle
    of a rollout only the new ones. As `simulator/effects.py` has it.
    """
    replaces = (
        (action is Action.RESTART and whole_workload)
        or action is Action.RESIZE
        or (action is Action.ROLLBACK and not rolling)
    )
    return 1 - share if replaces else 0.0
