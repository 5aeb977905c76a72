"""The operator, except that it may kill itself right after an eviction, and that a node need not be well for five minutes.

    python draining_operator.py KILL_AFTER STEADY_SECONDS [OPTION of `planaria-operator run`]...

With KILL_AFTER 3 it dies by SIGKILL when the API server has answered its third eviction, before it could note the answer:
the worst moment there is. With 0 it lives.
"""

import asyncio
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

from planaria_operator.app import run_until_stopped
from planaria_operator.cli import settings_of
from planaria_operator.kube.client import KubeClient
from planaria_operator.reconcile import cordons


def kill_after(evictions: int) -> None:
    real, left = KubeClient.evict, [evictions]

    async def evict(self: KubeClient, *place: str, dry_run: bool = False, **more: Any) -> None:
        await real(self, *place, dry_run=dry_run, **more)
        left[0] -= not dry_run
        if left[0] == 0 and not dry_run:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)  # noqa: ASYNC251  another thread may be the one that takes the signal; this one must not go on

    KubeClient.evict = evict  # type: ignore[method-assign]


def main() -> int:
    evictions, steady, *options = sys.argv[1:]
    kill_after(int(evictions))
    cordons.STEADY = timedelta(seconds=float(steady))  # type: ignore[misc]
    return asyncio.run(run_until_stopped(settings_of(options)))


if __name__ == "__main__":
    sys.exit(main())
