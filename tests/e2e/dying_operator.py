"""The operator, except that it kills itself with SIGKILL right after a station that it is told to die at.

    python dying_operator.py KUBECONFIG MARKERS NAMESPACE...

A namespace named `kill-<station>-...` dies once at that station. The marker file is written first, so that the next
process goes on instead of dying again.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from planaria_operator.app import run_until_stopped
from planaria_operator.reconcile.journal import Journal, Station
from planaria_operator.settings import Settings


class DyingJournal(Journal):
    def __init__(self, markers: Path) -> None:
        super().__init__()
        self._markers = markers

    def passed(self, station: Station, incident: str, **facts: Any) -> None:
        super().passed(station, incident, **facts)
        namespace = incident.partition("/")[0]
        marker = self._markers / station.value
        if namespace.startswith(f"kill-{station.value}-") and not marker.exists():
            marker.write_text(namespace)
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    kubeconfig, markers, *namespaces = sys.argv[1:]
    settings = Settings(kubeconfig=Path(kubeconfig), namespaces=tuple(namespaces), listen_port=0)
    return asyncio.run(run_until_stopped(settings, journal=DyingJournal(Path(markers))))


if __name__ == "__main__":
    sys.exit(main())
