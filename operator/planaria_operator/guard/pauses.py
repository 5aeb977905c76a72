"""Who asks to begin nothing new, now. Asked by the guard and by the policy's condition Paused."""

from datetime import datetime

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.windows import PauseRequest


def pauses(policy: HealingPolicy, now: datetime) -> list[PauseRequest]:
    """The requests that have not ended, in the order of the policy."""
    return [each for each in policy.spec.pause_requests if each.until is None or now < each.until]
