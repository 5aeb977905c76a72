"""What every command that needs a cluster does around its measuring."""

import asyncio
import sys
from collections.abc import Callable

from planaria_cluster import ClusterError
from planaria_scenarios.errors import ScenarioError


def guarded(work: Callable[[], int], *missing: type[Exception]) -> int:
    """The exit status of `work`; 2 where there was nothing to measure on, 130 where a person ended it.

    `missing`: what else `work` raises where something that it needs is not here.
    """
    told: tuple[type[Exception], ...] = (ClusterError, ScenarioError, *missing)
    try:
        return work()
    except told as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted; nothing was left behind", file=sys.stderr)
        return 130
