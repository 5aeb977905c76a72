"""What one decision of a real incident cost, in the simulator's unit: minutes in which everything is down for everybody."""

from typing import Final

from planaria_contract import Action
from planaria_policy.spaces.prices import DISTURBED_MINUTES, HARM_MINUTES, price

MOST_MINUTES: Final = 1440.0
"""Of one decision: a fault that nobody mends for longer weighs as a day."""


def reward(action: Action, lost_seconds: float, *, disturbed: float = 0.0, harmed: bool = False) -> float:
    """Minutes, at most 0. `lost_seconds`: of full outage until the next decision or the end; where half of the target's
    pods are down, half of the time. `disturbed`: share of the pods that were well and were replaced all the same.
    """
    whole = lost_seconds / 60 + price(action) + DISTURBED_MINUTES * disturbed + HARM_MINUTES * harmed
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
