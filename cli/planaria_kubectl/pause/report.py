from datetime import datetime

from planaria_kubectl.pauses import PauseRequest
from planaria_kubectl.report import Report


class PauseReport(Report):
    """Of `pause` and of `resume`."""

    namespace: str
    """Empty for a ClusterHealingPolicy."""
    policy: str
    message: str
    paused: bool
    """Whether any request holds now."""
    requests: tuple[PauseRequest, ...] = ()
    """Those that hold now, whoever made them."""


def told(
    namespace: str, policy: str, message: str, requests: tuple[PauseRequest, ...], now: datetime
) -> PauseReport:
    holding = tuple(each for each in requests if each.holds(now))
    return PauseReport(
        at=now,
        namespace=namespace,
        policy=policy,
        message=message,
        paused=bool(holding),
        requests=holding,
    )
