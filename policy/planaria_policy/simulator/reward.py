"""What is good: the one place where seconds, actions, harm and a person's time are weighed against each other.

The unit is a minute in which the target is down for all its users; services that depend on it add theirs. A reward is minus the sum of

    unhealthy minutes     share of the target's work that was lost, and of its dependants', integrated over the step
    + action cost         what an action costs even where it helps: churn, cold caches, a page in the audit log
    + disturbance         pods that were well and were replaced all the same
    + harm                an action made something worse that was well before
    + a person's time     for an escalation, besides the unhealth until the person has solved it
"""

import torch

from planaria_policy.spaces.choices import CATEGORIES
from planaria_policy.spaces.prices import DISTURBED_MINUTES, HARM_MINUTES, price


def costs(device: torch.device | str = "cpu") -> torch.Tensor:
    """[C] minutes of each category, a person's time included."""
    return torch.tensor([price(category) for category in CATEGORIES], device=device)


def reward(
    lost_seconds: torch.Tensor, cost: torch.Tensor, disturbed: torch.Tensor, harmed: torch.Tensor
) -> torch.Tensor:
    """[B] minutes, at most 0. `lost_seconds` is unhealth integrated over the step, `cost` from `costs`."""
    return -(lost_seconds / 60 + cost + DISTURBED_MINUTES * disturbed + HARM_MINUTES * harmed)
