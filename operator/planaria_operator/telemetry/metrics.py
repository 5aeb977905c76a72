"""Every metric, in one place. Labels take values from closed sets only, never a pod's name; units are base units."""

import platform
from collections import Counter as Tally
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from planaria_operator.api.remediation import Stage

REGISTRY: Final = CollectorRegistry()
"""Planaria's own, so that a library that registers metrics on import does not publish them here."""

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

INCIDENTS: Final = Counter(
    "planaria_incidents_total",
    "Incidents opened, by policy (namespace/name) and first symptom.",
    ["policy", "symptom"],
    registry=REGISTRY,
)
DECISIONS: Final = Counter(
    "planaria_decisions_total",
    "Decisions taken, by action and by what took them (ppo or rules).",
    ["action", "decided_by"],
    registry=REGISTRY,
)
ACTIONS: Final = Counter(
    "planaria_actions_total",
    "Finished attempts, by action and outcome (Recovered, Ineffective, Failed).",
    ["action", "outcome"],
    registry=REGISTRY,
)
REFUSALS: Final = Counter(
    "planaria_refusals_total",
    "Actions that a guard refused, by guard and reason code.",
    ["guard", "reason"],
    registry=REGISTRY,
)
RECOVERY_SECONDS: Final = Histogram(
    "planaria_recovery_seconds",
    "From the fault being visible in the API to the target being healthy for good, by the action that did it.",
    ["action"],
    buckets=(5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 3600),
    registry=REGISTRY,
)
STATION_SECONDS: Final = Histogram(
    "planaria_station_seconds",
    "Time spent in one station of the path (detect, evidence, semantics, decide, guard, act, verify, record).",
    ["station"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
SEMANTICS_ASKED: Final = Counter(
    "planaria_semantics_asked_total",
    "Readers that were asked what a window means, by reader and outcome (ok, bug, NotReached, TooSlow, Busy, Refused, Malformed).",
    ["reader", "outcome"],
    registry=REGISTRY,
)
SEMANTICS_SECONDS: Final = Histogram(
    "planaria_semantics_seconds",
    "Time from the question to a reader's answer or refusal, waiting included.",
    ["reader"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
SEMANTICS_CALLS: Final = Counter(
    "planaria_semantics_calls_total",
    "Calls that really went out to a model, by reader and outcome.",
    ["reader", "outcome"],
    registry=REGISTRY,
)
SEMANTICS_CACHE: Final = Counter(
    "planaria_semantics_cache_total",
    "Questions by how they were met: hit (remembered), joined (the same was being asked), miss.",
    ["reader", "how"],
    registry=REGISTRY,
)
SEMANTICS_AVAILABLE: Final = Gauge(
    "planaria_semantics_available",
    "1 where the configured reader answers, 0 where something simpler reads in its place.",
    registry=REGISTRY,
)
FAULTS: Final = Counter(
    "planaria_faults_total",
    "What incidents were taken for, by fault class and by what said so.",
    ["fault", "source"],
    registry=REGISTRY,
)
OPEN_REMEDIATIONS: Final = Gauge(
    "planaria_open_remediations",
    "Remediations that are not finished, by stage.",
    ["stage"],
    registry=REGISTRY,
)
LOOP_LAG_SECONDS: Final = Gauge(
    "planaria_loop_lag_seconds",
    "Longest time that the event loop was kept from running within the last 10 seconds.",
    registry=REGISTRY,
)
WATCH_LAST_EVENT: Final = Gauge(
    "planaria_watch_last_event_timestamp_seconds",
    "When a watch last delivered anything, as a Unix time; 0 before the first.",
    registry=REGISTRY,
)
RESYNC_CORRECTIONS: Final = Counter(
    "planaria_resync_corrections_total",
    "Objects that a watch had missed and a periodic list put right, by kind and by what was wrong.",
    ["kind", "what"],
    registry=REGISTRY,
)
API_ERRORS: Final = Counter(
    "planaria_api_errors_total",
    "Calls to the API server that failed, by kind of error (Unavailable, Conflict, Forbidden, ...).",
    ["kind"],
    registry=REGISTRY,
)
RECONCILE_ERRORS: Final = Counter(
    "planaria_reconcile_errors_total",
    "Reconcile passes that ended in an error nobody expected.",
    registry=REGISTRY,
)
EVENTS_DROPPED: Final = Counter(
    "planaria_events_dropped_total",
    "Events that were not written, by why (queue_full, rate_limited, refused).",
    ["why"],
    registry=REGISTRY,
)
BUILD_INFO: Final = Gauge(
    "planaria_build_info",
    "Always 1; what is running, in labels.",
    ["version", "python", "kopf", "kubernetes_client"],
    registry=REGISTRY,
)


def count_stages(stages: Iterable[Stage]) -> None:
    """Set `planaria_open_remediations` from the stage of every Remediation there is; the finished do not count."""
    tally = Tally(stages)
    for stage in Stage:
        if stage is not Stage.FINISHED:
            OPEN_REMEDIATIONS.labels(stage=stage.value).set(tally[stage])


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # running from a checkout that was never installed
        return "unknown"


BUILD_INFO.labels(
    version=_version("planaria"),
    python=platform.python_version(),
    kopf=_version("kopf"),
    kubernetes_client=_version("kubernetes"),
).set(1)
