"""A line for every station that an incident passes: what the log, the metrics, the traces and the kill tests hang on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog

from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.telemetry import metrics
from planaria_operator.telemetry.tracing import Traced, Untraced


class Station(StrEnum):
    """The path of an incident. Between any two of them the process may die; the next one goes on from the record."""

    DETECT = "detect"
    OPEN = "open"
    EVIDENCE = "evidence"
    SEMANTICS = "semantics"
    UNDERSTOOD = "understood"
    DECIDE = "decide"
    GUARD = "guard"
    RESERVE = "reserve"
    INTENT = "intent"
    ACT = "act"
    APPLIED = "applied"
    VERIFY = "verify"
    FINISH = "finish"


@dataclass(slots=True)
class _Known:
    """An open incident: who it is for the traces, and since when the present station lasts."""

    uid: str
    visible_at: datetime
    since: float


class Journal:
    """Logs, times and traces the stations."""

    def __init__(self, traced: Traced | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds from anywhere."""
        self._traced = traced or Untraced()
        self._clock = clock
        self._log = structlog.get_logger("planaria.path")
        self._known: dict[str, _Known] = {}

    def resumed(self, remediation: Remediation) -> None:
        """A step begins. What lay between it and the last was waiting, which only verify counts as its own."""
        key = f"{remediation.namespace}/{remediation.name}"
        known = self._known.get(key)
        if known is None:
            visible_at = remediation.spec.visible_at
            self._known[key] = _Known(remediation.uid, visible_at, self._clock())
            if not remediation.status.timeline:
                self._traced.detected(remediation.uid, visible_at)
        elif remediation.status.stage is not Stage.VERIFYING:
            known.since = self._clock()

    def passed(self, station: Station, incident: str, **facts: Any) -> None:
        """`incident` is the Remediation as namespace/name; `facts` are short and already redacted."""
        self._log.info("passed", station=station.value, incident=incident, **facts)
        if (known := self._known.get(incident)) is None:  # detected and opened, but no step was taken yet
            return
        now = self._clock()
        seconds = max(0.0, now - known.since)
        known.since = now
        metrics.STATION_SECONDS.labels(station=station.value).observe(seconds)
        self._traced.station(known.uid, station.value, seconds, facts)
        if station is Station.FINISH:
            self._traced.incident(known.uid, incident, known.visible_at, facts)

    def closed(self, incident: str) -> None:
        """Forget an incident that is over."""
        self._known.pop(incident, None)
