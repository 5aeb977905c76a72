"""What a metric's code cannot say: the values that its labels take, its unit, and a question that it answers."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from planaria_contract import Action, Decider, Fault, Source, SymptomKind
from planaria_operator.api.approval import ApprovalVerdict
from planaria_operator.api.attempt import AnswerOutcome
from planaria_operator.api.remediation import Stage
from planaria_operator.guard.chain import GUARDS
from planaria_operator.reconcile.journal import Station
from planaria_operator.telemetry import metrics
from planaria_policy.serving.app import REFUSALS

POLICIES: Final = "`namespace/name` of a HealingPolicy"
REASONS: Final = "a reason code, see [reasons](reasons.md)"
READERS: Final = ("vllm", "hybrid", "encoder", "rules")
STAND_BY: Final = (
    "ok",
    "bug",
    "NotReached",
    "TooSlow",
    "Busy",
    "Refused",
    "Malformed",
    "Implausible",
    "Unusable",
)
WRITTEN: Final = ("Kept", "UnknownIncident", "QueueFull", "Unreadable", "NotReached", "Damaged", "Failed")


def _values(members: Iterable[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in members)


Values = tuple[str, ...] | str
"""A closed set, or in words what bounds it."""

COMMON: Final[Mapping[str, Values]] = {
    "action": _values(Action),
    "agrees": ("true", "false"),
    "decided_by": _values(Decider),
    "fault": _values(Fault),
    "guard": (*(guard.name for guard in GUARDS), "delay", metrics.NO_GUARD),
    "how": ("hit", "joined", "miss"),
    "kind": metrics.FAILED_CALLS,
    "verb": metrics.VERBS,
    "policy": POLICIES,
    "reader": READERS,
    "reason": REASONS,
    "source": _values(Source),
    "stage": tuple(stage.value for stage in Stage if stage is not Stage.FINISHED),
    "station": tuple(station.value for station in Station if station is not Station.DETECT),
    "symptom": _values(SymptomKind),
    "why": metrics.DROPPED,
}
OWN: Final[Mapping[tuple[str, str], Values]] = {
    ("planaria_actions_total", "outcome"): metrics.OUTCOMES,
    ("planaria_notifications_total", "receiver"): "a receiver that the operator knows, or unknown",
    ("planaria_notifications_total", "outcome"): (
        *("NotificationSent", "NotificationPending", "NotificationFailed"),
        *("ReceiverUnreadable", "ReceiverUnknown"),
    ),
    ("planaria_approvals_total", "outcome"): _values(AnswerOutcome),
    ("planaria_approvals_total", "verdict"): _values(ApprovalVerdict),
    ("planaria_policy_asked_total", "outcome"): _values(metrics.ANSWERS),
    ("planaria_semantics_asked_total", "outcome"): STAND_BY,
    ("planaria_semantics_calls_total", "outcome"): STAND_BY,
    ("planaria_policy_outcomes_total", "result"): (
        *("OutcomeKept", "OutcomeNotKept", "OutcomeDropped"),
        *("PolicyNotReached", "PolicyTooSlow", "PolicyMalformed"),
    ),
    ("planaria_resync_corrections_total", "kind"): "a kind of object that is watched",
    ("planaria_resync_corrections_total", "what"): ("missing", "gone"),
    ("planaria_policy_refusals_total", "reason"): REFUSALS,
    ("planaria_policy_memory_kept_total", "what"): ("step", "outcome"),
    ("planaria_policy_memory_kept_total", "result"): WRITTEN,
    ("planaria_policy_precedents_total", "result"): (
        "Found",
        "None",
        "Late",
        "NotReached",
        "Damaged",
        "Failed",
    ),
    ("planaria_policy_served", "version"): "the version in the policy file",
    ("planaria_policy_served", "name"): "the name of the policy file",
    ("planaria_build_info", "version"): "of Planaria",
    ("planaria_build_info", "python"): "of Python",
    ("planaria_build_info", "kopf"): "of kopf",
    ("planaria_build_info", "kubernetes_client"): "of the Kubernetes client",
}
"""Where a label means something else than elsewhere. Keyed by the series' name and the label."""

EXAMPLES: Final[Mapping[str, str]] = {
    "planaria_incidents_total": "sum by (symptom) (increase(planaria_incidents_total[1d]))",
    "planaria_decisions_total": "sum by (decided_by) (increase(planaria_decisions_total[1d]))",
    "planaria_actions_total": 'sum by (action) (increase(planaria_actions_total{outcome="Ineffective"}[1d]))',
    "planaria_refusals_total": "sum by (guard, reason) (increase(planaria_refusals_total[1h]))",
    "planaria_notifications_total": (
        'sum by (receiver) (increase(planaria_notifications_total{outcome!="NotificationSent"}[1h]))'
    ),
    "planaria_recovery_seconds": (
        "histogram_quantile(0.9, sum by (le) (increase(planaria_recovery_seconds_bucket[1d])))"
    ),
    "planaria_station_seconds": (
        "histogram_quantile(0.9, sum by (le, station) (increase(planaria_station_seconds_bucket[1h])))"
    ),
    "planaria_semantics_asked_total": (
        'sum by (reader, outcome) (increase(planaria_semantics_asked_total{outcome!="ok"}[1h]))'
    ),
    "planaria_semantics_seconds": (
        "histogram_quantile(0.9, sum by (le, reader) (increase(planaria_semantics_seconds_bucket[1h])))"
    ),
    "planaria_semantics_calls_total": "sum(increase(planaria_semantics_calls_total[1h]))",
    "planaria_semantics_cache_total": (
        'sum(increase(planaria_semantics_cache_total{how=~"hit|joined"}[1h])) / '
        "sum(increase(planaria_semantics_cache_total[1h]))"
    ),
    "planaria_semantics_available": "min_over_time(planaria_semantics_available[1h])",
    "planaria_semantics_confidence_ratio": (
        "histogram_quantile(0.5, sum by (le, source) (increase(planaria_semantics_confidence_ratio_bucket[1d])))"
    ),
    "planaria_semantics_novelty_ratio": (
        "histogram_quantile(0.9, sum by (le) (increase(planaria_semantics_novelty_ratio_bucket[1d])))"
    ),
    "planaria_policy_asked_total": (
        'sum(increase(planaria_policy_asked_total{outcome!="PolicyAnswers"}[1h])) / '
        "sum(increase(planaria_policy_asked_total[1h]))"
    ),
    "planaria_policy_seconds": (
        "histogram_quantile(0.99, sum by (le) (increase(planaria_policy_seconds_bucket[1h])))"
    ),
    "planaria_policy_shadow_total": (
        'sum(increase(planaria_policy_shadow_total{agrees="true"}[1d])) / '
        "sum(increase(planaria_policy_shadow_total[1d]))"
    ),
    "planaria_policy_outcomes_total": "sum by (result) (increase(planaria_policy_outcomes_total[1d]))",
    "planaria_policy_available": "min_over_time(planaria_policy_available[1h])",
    "planaria_faults_total": 'sum(increase(planaria_faults_total{fault="unknown"}[1d]))',
    "planaria_budget_used_actions": "planaria_budget_used_actions / planaria_budget_limit_actions",
    "planaria_budget_limit_actions": "planaria_budget_limit_actions - planaria_budget_used_actions",
    "planaria_open_remediations": 'planaria_open_remediations{stage="Escalated"}',
    "planaria_approvals_total": "sum by (verdict, outcome) (increase(planaria_approvals_total[1d]))",
    "planaria_approvals_waiting": "sum by (policy) (planaria_approvals_waiting) > 0",
    "planaria_oldest_escalation_timestamp_seconds": (
        "time() - (planaria_oldest_escalation_timestamp_seconds > 0)"
    ),
    "planaria_leader": "sum(planaria_leader)",
    "planaria_loop_lag_seconds": "max_over_time(planaria_loop_lag_seconds[1h])",
    "planaria_watch_last_event_timestamp_seconds": "time() - planaria_watch_last_event_timestamp_seconds",
    "planaria_resync_corrections_total": "sum by (kind) (increase(planaria_resync_corrections_total[1d]))",
    "planaria_api_calls_total": "sum by (verb) (rate(planaria_api_calls_total[5m]))",
    "planaria_api_errors_total": "sum by (kind) (rate(planaria_api_errors_total[5m]))",
    "planaria_reconcile_errors_total": "increase(planaria_reconcile_errors_total[1h])",
    "planaria_events_dropped_total": "sum by (why) (increase(planaria_events_dropped_total[1h]))",
    "planaria_build_info": "count by (version) (planaria_build_info)",
    "planaria_policy_decisions_total": "sum by (action) (increase(planaria_policy_decisions_total[1d]))",
    "planaria_policy_refusals_total": "sum by (reason) (increase(planaria_policy_refusals_total[1h]))",
    "planaria_policy_request_seconds": (
        "histogram_quantile(0.99, sum by (le) (increase(planaria_policy_request_seconds_bucket[1h])))"
    ),
    "planaria_policy_served": "count by (version) (planaria_policy_served)",
    "planaria_policy_refused_files": "planaria_policy_refused_files > 0",
    "planaria_policy_memory_kept_total": (
        'sum by (what, result) (increase(planaria_policy_memory_kept_total{result!="Kept"}[1h]))'
    ),
    "planaria_policy_precedents_total": "sum by (result) (increase(planaria_policy_precedents_total[1d]))",
    "planaria_policy_memory_waiting": "max_over_time(planaria_policy_memory_waiting[1h])",
}
"""By the name of the family, as on the page."""


def values_of(family: str, label: str) -> Values:
    """Raises KeyError where nobody said what bounds the label."""
    return OWN.get((family, label)) or COMMON[label]
