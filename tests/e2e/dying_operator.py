"""The operator, except that it kills itself with SIGKILL right after a station that it is told to die at.

    python dying_operator.py MARKERS [OPTION of `planaria-operator run`]...
    python dying_operator.py --stations

A namespace named `kill-<station>-...` dies once at that station. The marker file is written first, so that the next
process goes on instead of dying again. It has the name of the namespace.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from planaria_operator.app import run_until_stopped
from planaria_operator.cli import settings_of
from planaria_operator.reconcile.journal import Journal, Station


class DyingJournal(Journal):
    def __init__(self, markers: Path) -> None:
        super().__init__()
        self._markers = markers

    def passed(self, station: Station, incident: str, **facts: Any) -> None:
        super().passed(station, incident, **facts)
        namespace = incident.partition("/")[0]
        marker = self._markers / namespace
        if namespace.startswith(f"kill-{station.value}-") and not marker.exists():
            marker.write_text(station.value)
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(
                60
            )  # another thread may be the one that takes the signal; this one must not go on until then


def main() -> int:
    if sys.argv[1:] == ["--stations"]:
        print("\n".join(station.value for station in Station))
        return 0
    markers, *options = sys.argv[1:]
    return asyncio.run(run_until_stopped(settings_of(options), journal=DyingJournal(Path(markers))))


if __name__ == "__main__":
    sys.exit(main())
