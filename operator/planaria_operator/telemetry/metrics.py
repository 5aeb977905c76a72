"""Every metric, in one place. Labels take values from closed sets only, never a pod's name; units are base units."""

import platform
from collections import Counter as Tally
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from planaria_contract import Action, Decider, Fault, SemanticState, Source, SymptomKind
from planaria_operator.api.approval import ApprovalVerdict
from planaria_operator.api.attempt import AnswerOutcome, AttemptOutcome
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.objects.store import ClusterStore

disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, and nobody asks for them

REGISTRY: Final = CollectorRegistry()
"""Planaria's own, so that a library that registers metrics on import does not publish them here."""

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

INCIDENTS: Final = Counter(
    "planaria_incidents_total",
    "Incidents opened, by policy (namespace/name; name alone of a cluster-wide one) and first symptom.",
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
    "Actions by what came of them: Applied when it is sent, then Recovered, Ineffective, Failed, Superseded or TargetGone.",
    ["action", "outcome"],
    registry=REGISTRY,
)
NO_GUARD: Final = "plan"
"""In a guard's place, of what is refused before any is asked."""
REFUSALS: Final = Counter(
    "planaria_refusals_total",
    "Actions that were refused, by reason code and by guard (plan where none was asked yet).",
    ["guard", "reason"],
    registry=REGISTRY,
)
APPROVALS: Final = Counter(
    "planaria_approvals_total",
    "Approvals that were looked at, by verdict and by whether it counted (Counted, Late or Void).",
    ["verdict", "outcome"],
    registry=REGISTRY,
)
APPROVALS_WAITING: Final = Gauge(
    "planaria_approvals_waiting",
    "Remediations that wait for a person's approval, by policy (namespace/name; name alone of a cluster-wide one).",
    ["policy"],
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
    "Work in one station of the path, and in writing it down; waiting between two steps is left out, but verify is all waiting.",
    ["station"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
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
POLICY_ASKED: Final = Counter(
    "planaria_policy_asked_total",
    "Questions to the policy service, by outcome (PolicyAnswers, or the reason why the rules decided).",
    ["outcome"],
    registry=REGISTRY,
)
POLICY_SECONDS: Final = Histogram(
    "planaria_policy_seconds",
    "Time until the policy service had answered or was given up.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1),
    registry=REGISTRY,
)
POLICY_AGREES: Final = Counter(
    "planaria_policy_shadow_total",
    "Decisions in shadow mode, by whether the learned policy would have chosen the same action as the rules.",
    ["agrees"],
    registry=REGISTRY,
)
POLICY_OUTCOMES: Final = Counter(
    "planaria_policy_outcomes_total",
    "Closed incidents reported to the policy service, by what became of the report (OutcomeKept, OutcomeNotKept, "
    "OutcomeDropped, PolicyNotReached, PolicyTooSlow, PolicyMalformed).",
    ["result"],
    registry=REGISTRY,
)
POLICY_AVAILABLE: Final = Gauge(
    "planaria_policy_available",
    "1 where the policy service answers, 0 where the rules decide in its place.",
    registry=REGISTRY,
)
FAULTS: Final = Counter(
    "planaria_faults_total",
    "What incidents were taken for, by fault class and by what said so.",
    ["fault", "source"],
    registry=REGISTRY,
)
SHARES: Final = tuple(step / 10 for step in range(1, 11))
CONFIDENCE: Final = Histogram(
    "planaria_semantics_confidence_ratio",
    "Calibrated confidence of each reading, by what read (vllm, encoder, hybrid or rules); 1 is certain.",
    ["source"],
    buckets=SHARES,
    registry=REGISTRY,
)
NOVELTY: Final = Histogram(
    "planaria_semantics_novelty_ratio",
    "How unlike anything known the evidence of each reading was, by what read; 1 is like nothing known.",
    ["source"],
    buckets=SHARES,
    registry=REGISTRY,
)
NOTIFICATIONS: Final = Counter(
    "planaria_notifications_total",
    "Messages to receivers by what came of each try: NotificationSent, NotificationPending (tried again), NotificationFailed, "
    "ReceiverUnreadable; ReceiverUnknown under the receiver unknown.",
    ["receiver", "outcome"],
    registry=REGISTRY,
)
BUDGET_USED: Final = Gauge(
    "planaria_budget_used_actions",
    "Actions that a policy (namespace/name; name alone of a cluster-wide one) has reserved within its sliding window.",
    ["policy"],
    registry=REGISTRY,
)
BUDGET_LIMIT: Final = Gauge(
    "planaria_budget_limit_actions",
    "Actions that a policy (namespace/name; name alone of a cluster-wide one) allows within its sliding window.",
    ["policy"],
    registry=REGISTRY,
)
OPEN_REMEDIATIONS: Final = Gauge(
    "planaria_open_remediations",
    "Remediations that are not finished, by stage.",
    ["stage"],
    registry=REGISTRY,
)
OLDEST_ESCALATION: Final = Gauge(
    "planaria_oldest_escalation_timestamp_seconds",
    "When the fault of the longest waiting escalation was first visible, as a Unix time; 0 where none waits.",
    registry=REGISTRY,
)
LEADER: Final = Gauge(
    "planaria_leader",
    "1 where this process runs the reconcile loop, 0 where it stands by.",
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
    "Objects that a list beside the watches put right, by kind and by what was wrong.",
    ["kind", "what"],
    registry=REGISTRY,
)
API_CALLS: Final = Counter(
    "planaria_api_calls_total",
    "Calls to the API server, failed ones too, by verb (get, list, create, patch, delete); the watches are not among them.",
    ["verb"],
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


_SHOWN: Final[set[str]] = set()
"""Labels of the policies that have their incidents counted."""


def show_records(store: ClusterStore, now: datetime) -> None:
    """Set every gauge that is told from what stands in the store. A policy that is gone takes its series along."""
    policies, records = list(store.policies.values()), list(store.remediations.values())
    count_stages(record.status.stage for record in records)
    _show_escalations(store)
    asked = Tally(record.policy_key for record in records if record.status.stage is Stage.AWAITING)
    for gauge in (BUDGET_USED, BUDGET_LIMIT, APPROVALS_WAITING):
        gauge.clear()
    _count_incidents_of({policy.label for policy in policies})
    for policy in policies:
        name, budget = policy.label, policy.spec.guardrails.budget
        oldest = now - timedelta(seconds=budget.window_seconds)
        BUDGET_USED.labels(policy=name).set(sum(each.time > oldest for each in policy.status.reservations))
        BUDGET_LIMIT.labels(policy=name).set(budget.actions)
        APPROVALS_WAITING.labels(policy=name).set(asked[policy.key])


def _show_escalations(store: ClusterStore) -> None:
    """Without what is abandoned: no mend of the target closes it, so the alert would fire for good."""
    waiting = [
        record.spec.visible_at
        for record in store.remediations.values()
        if record.status.stage is Stage.ESCALATED and not store.abandoned(record)
    ]
    OLDEST_ESCALATION.set(min(waiting).timestamp() if waiting else 0)


def _count_incidents_of(policies: set[str]) -> None:
    for policy, symptom in product(_SHOWN - policies, SymptomKind):
        INCIDENTS.remove(policy, symptom.value)
    for policy, symptom in product(policies - _SHOWN, SymptomKind):
        INCIDENTS.labels(policy, symptom.value)  # from zero on, see below
    _SHOWN.clear()
    _SHOWN.update(policies)


def count_reading(state: SemanticState) -> None:
    """What an incident was taken for, and how surely."""
    source = state.source.value
    FAULTS.labels(fault=state.fault.value, source=source).inc()
    CONFIDENCE.labels(source=source).observe(state.confidence)
    NOVELTY.labels(source=source).observe(state.novelty)


OUTCOMES: Final = ("Applied", *(each.value for each in AttemptOutcome if each is not AttemptOutcome.PENDING))
CHANGING: Final = tuple(action.value for action in Action if action not in {Action.NONE, Action.ESCALATE})
ANSWERS: Final = (
    Reason.POLICY_ANSWERS,
    Reason.POLICY_NOT_REACHED,
    Reason.POLICY_TOO_SLOW,
    Reason.POLICY_MALFORMED,
)
FAILED_CALLS: Final = (
    *("Unavailable", "Conflict", "TooManyRequests", "NotFound"),
    *("Forbidden", "Unauthorized", "AlreadyExists", "Invalid"),
)
"""Names of the classes in `kube/errors.py`, which cannot be imported here."""
VERBS: Final = ("get", "list", "create", "patch", "delete")
ALARMING: Final = (
    ("target-budget", Reason.TARGET_BUDGET_EXHAUSTED.value),
    ("storm", Reason.STORM_ACTIVE.value),
    ("storm", Reason.SHARED_CAUSE.value),
    ("min-healthy", Reason.TOO_FEW_HEALTHY.value),
)
"""Guards and reasons that alerts are made of."""
DROPPED: Final = ("queue_full", "rate_limited", "refused")


def _begin_at_zero() -> None:
    """A series that appears with its first event hides that event from rate(), and from the alerts made of it."""
    series: list[tuple[Counter | Histogram, Iterable[tuple[str, ...]]]] = [
        (ACTIONS, [*product(CHANGING, OUTCOMES), (Action.ESCALATE.value, "Applied")]),
        (DECISIONS, product(CHANGING, (each.value for each in Decider))),
        (RECOVERY_SECONDS, product(CHANGING)),
        (FAULTS, product((each.value for each in Fault), (each.value for each in Source))),
        (CONFIDENCE, product(each.value for each in Source)),
        (NOVELTY, product(each.value for each in Source)),
        (
            APPROVALS,
            product((each.value for each in ApprovalVerdict), (each.value for each in AnswerOutcome)),
        ),
        (POLICY_ASKED, product(each.value for each in ANSWERS)),
        (POLICY_AGREES, product(("true", "false"))),
        (API_CALLS, product(VERBS)),
        (API_ERRORS, product(FAILED_CALLS)),
        (EVENTS_DROPPED, product(DROPPED)),
        (REFUSALS, ALARMING),
    ]
    for metric, every in series:
        for labels in every:
            metric.labels(*labels)


_begin_at_zero()


def version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # running from a checkout that was never installed
        return "unknown"


BUILD_INFO.labels(
    version=version_of("planaria"),
    python=platform.python_version(),
    kopf=version_of("kopf"),
    kubernetes_client=version_of("kubernetes"),
).set(1)
