"""A line for every station that an incident passes: what the log, the metrics and the kill tests hang on."""

import time
from enum import StrEnum
from typing import Any

import structlog

from planaria_operator.telemetry import metrics


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


class Journal:
    """Logs and times the stations."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("planaria.path")
        self._last: dict[str, float] = {}

    def passed(self, station: Station, incident: str, **facts: Any) -> None:
        """`incident` is the Remediation as namespace/name; `facts` are short and already redacted."""
        if station is not Station.DETECT:  # an incident has no name yet when it is detected
            self._time(station, incident)
        self._log.info("passed", station=station.value, incident=incident, **facts)

    def _time(self, station: Station, incident: str) -> None:
        now = time.monotonic()
        begun = self._last.get(incident)
        if begun is not None:
            metrics.STATION_SECONDS.labels(station=station.value).observe(now - begun)
        self._last[incident] = now

    def closed(self, incident: str) -> None:
        """Forget an incident that is over."""
        self._last.pop(incident, None)
