"""What outage, actions, harm and a person's time weigh against each other, in minutes of full outage.

The simulator's `reward.py` and the record of real incidents both go by these figures.
"""

from typing import Final

from planaria_contract import Action

ACTION_MINUTES: Final = {
    Action.NONE: 0.01,
    Action.RESTART: 0.1,
    Action.MIGRATE: 0.2,
    Action.SCALE: 0.3,
    Action.RESIZE: 0.3,
    Action.ROLLBACK: 0.4,
    Action.ISOLATE: 1.0,
    Action.RELOAD: 0.1,
    Action.ESCALATE: 0.0,
}
DISTURBED_MINUTES: Final = 1.0
"""For replacing all pods of a target that were well, in part for a part: a cure should touch no more than is ill."""

HARM_MINUTES: Final = 20.0
"""An outage of our own making weighs as much as twenty minutes of somebody else's: people then switch the operator off."""

PERSON_MINUTES: Final = 3.0
"""Waking a person for nothing is worse than three minutes of outage; not waking one in need is worse still."""

PERSON_SECONDS: Final = 900.0
"""How long a person takes to solve what was escalated; the same as in `simulator/measured/times.yaml`."""


def price(category: Action) -> float:
    """Minutes of an action, whatever came of it; a person's time is included."""
    return ACTION_MINUTES[category] + (PERSON_MINUTES if category is Action.ESCALATE else 0.0)
