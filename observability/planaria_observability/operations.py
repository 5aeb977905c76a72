"""The dashboard of whoever is on call: what broke, what was done about it, what was refused and why."""

from typing import Final

from planaria_observability.panels import (
    BAD_AT_ONE,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    VIOLET,
    Dashboard,
    Panel,
    Query,
    Row,
)

OWN: Final = 'namespace=~"$namespace"'
OF_POLICY: Final = f'{OWN},policy=~"$policy"'

STAGES: Final = {
    "Detected": GREY,
    "Understood": "#6fa8dc",
    "Blocked": ORANGE,
    "Waiting": "#e0c341",
    "Acting": BLUE,
    "Verifying": GREEN,
    "Reverting": VIOLET,
    "Escalated": RED,
}
REFUSALS: Final = {
    "mode: ObserveMode": GREY,
    "budget: BudgetExhausted": RED,
    "min-healthy: TooFewHealthy": ORANGE,
    "storm: SharedCause": ORANGE,
    "storm: StormActive": ORANGE,
    "cooldown: Cooldown": BLUE,
}
OUTCOMES: Final = {
    "Applied": BLUE,
    "Recovered": GREEN,
    "Ineffective": ORANGE,
    "Failed": RED,
    "Superseded": GREY,
    "TargetGone": GREY,
}


def _quantile(share: float) -> str:
    buckets = f"increase(planaria_recovery_seconds_bucket{{{OWN}}}[1h])"
    return f"histogram_quantile({share}, sum by (le) ({buckets}))"


NOW: Final = Row(
    "Now",
    (
        Panel(
            "Leader",
            "How many operator processes run the reconcile loop. Exactly one should; with none nothing is healed.",
            (Query(f"sum(planaria_leader{{{OWN}}})"),),
            kind="stat", width=4, height=4, steps=((None, RED), (1, GREEN), (2, RED)),
        ),
        Panel(
            "Open remediations",
            "Incidents that are not over, whatever they wait for. `kubectl get rem -A` lists them.",
            (Query(f"sum(planaria_open_remediations{{{OWN}}})"),),
            kind="stat", width=4, height=4,
        ),
        Panel(
            "Waiting for a person",
            "Escalated: Planaria has handed them over and does nothing more. `kubectl describe rem` says why.",
            (Query(f'sum(planaria_open_remediations{{{OWN},stage="Escalated"}})'),),
            kind="stat", width=4, height=4, steps=BAD_AT_ONE,
        ),
        Panel(
            "Actions that helped",
            "Of the actions that ended within the shown time, the share after which the target was healthy and stayed so.",
            (
                Query(
                    f'sum(increase(planaria_actions_total{{{OWN},outcome="Recovered"}}[$__range])) / '
                    f'sum(increase(planaria_actions_total{{{OWN},outcome=~"Recovered|Ineffective|Failed"}}[$__range]))'
                ),
            ),
            kind="stat", unit="percentunit", width=4, height=4, steps=((None, RED), (0.5, ORANGE), (0.8, GREEN)),
        ),
        Panel(
            "Median recovery",
            "From the fault being visible in the API to the target being healthy for good, for what Planaria healed.",
            (
                Query(
                    "histogram_quantile(0.5, sum by (le) "
                    f"(increase(planaria_recovery_seconds_bucket{{{OWN}}}[$__range])))"
                ),
            ),
            kind="stat", unit="s", width=4, height=4,
        ),
        Panel(
            "Refusals",
            "Times that a guard held an action back within the shown time. A case that stays blocked is asked, and counted, again.",
            (Query(f"sum(increase(planaria_refusals_total{{{OWN}}}[$__range]))"),),
            kind="stat", width=4, height=4,
        ),
    ),
)  # fmt: skip

INCIDENTS: Final = Row(
    "Incidents",
    (
        Panel(
            "Incidents opened, by first symptom",
            "What the first sign was. Many of one kind at once are a storm: look for what they share before anything else.",
            (
                Query(
                    f"sum by (symptom) (increase(planaria_incidents_total{{{OF_POLICY}}}[$__interval])) > 0",
                    "{{symptom}}",
                ),
            ),
            bars=True, stacked=True, width=12,
        ),
        Panel(
            "Open remediations by stage",
            "Blocked: a guard refuses. Waiting: looked at again later. Escalated: a person's turn.",
            (Query(f"sum by (stage) (planaria_open_remediations{{{OWN}}})", "{{stage}}"),),
            stacked=True, width=12, colours=STAGES,
        ),
        Panel(
            "Recovery time",
            "Quantiles over the last hour; empty while nothing recovered within it.",
            (
                Query(_quantile(0.5), "median"),
                Query(_quantile(0.9), "90 %"),
                Query(_quantile(0.99), "99 %"),
            ),
            unit="s", width=8, colours={"median": GREEN, "90 %": ORANGE, "99 %": RED},
        ),
        Panel(
            "Recoveries by time taken",
            "Each cell counts recoveries; darker is more. A second band high up is a fault whose first remedy does not help.",
            (
                Query(
                    f"sum by (le) (increase(planaria_recovery_seconds_bucket{{{OWN}}}[$__interval]))", "{{le}}"
                ),
            ),
            kind="heatmap", unit="s", width=8,
        ),
        Panel(
            "Longest waiting escalation",
            "Since when the oldest open escalation has been unhealthy; empty where none waits.",
            (
                Query(
                    f"time() - max(planaria_oldest_escalation_timestamp_seconds{{{OWN}}} > 0)", "oldest"
                ),
            ),
            unit="s", width=8, colours={"oldest": RED},
        ),
    ),
)  # fmt: skip

ACTIONS: Final = Row(
    "What was done, and what was not",
    (
        Panel(
            "Actions by outcome",
            "Applied when the API server accepted it; then whether it helped. Ineffective ones were undone.",
            (
                Query(
                    f'sum by (outcome) (increase(planaria_actions_total{{{OWN},action!="escalate"}}[$__interval])) > 0',
                    "{{outcome}}",
                ),
            ),
            bars=True, stacked=True, width=8, colours=OUTCOMES,
        ),
        Panel(
            "Finished actions, by kind",
            "Which remedies help here. One that never does is better taken off the policy's list.",
            (
                Query(
                    "sum by (action, outcome) (increase("
                    f'planaria_actions_total{{{OWN},outcome=~"Recovered|Ineffective|Failed"}}[$__range])) > 0',
                    "{{action}}: {{outcome}}",
                ),
            ),
            kind="bargauge", width=8,
        ),
        Panel(
            "Escalations",
            "Incidents handed to a person: every allowed rung was tried, none fits, or the fault is not one to act on.",
            (
                Query(
                    f'sum(increase(planaria_actions_total{{{OWN},action="escalate"}}[$__interval]))', "escalated"
                ),
            ),
            bars=True, width=8, colours={"escalated": RED},
        ),
        Panel(
            "Refusals by reason",
            "Which guard held back, and its stable reason code (docs/reference/reasons.md). ObserveMode: it only watches.",
            (
                Query(
                    f"sum by (guard, reason) (increase(planaria_refusals_total{{{OWN}}}[$__interval])) > 0",
                    "{{guard}}: {{reason}}",
                ),
            ),
            bars=True, stacked=True, width=12, colours=REFUSALS,
        ),
        Panel(
            "Refusals, sum of the shown time",
            "The same, counted. BudgetExhausted, StormActive, SharedCause and TooFewHealthy are worth a look: they protect from acting on a common cause.",
            (
                Query(
                    f"sort_desc(sum by (guard, reason) (increase(planaria_refusals_total{{{OWN}}}[$__range])) > 0)",
                    "{{guard}}: {{reason}}",
                ),
            ),
            kind="bargauge", width=12, steps=((None, ORANGE),),
        ),
    ),
)  # fmt: skip

BUDGETS: Final = Row(
    "Budgets",
    (
        Panel(
            "Budget used now",
            "Share of each policy's sliding window that is taken. At 100 % nothing more is done for that policy.",
            (
                Query(
                    f"max by (policy) (planaria_budget_used_actions{{{OF_POLICY}}}) / "
                    f"(max by (policy) (planaria_budget_limit_actions{{{OF_POLICY}}}) > 0)",
                    "{{policy}}",
                ),
            ),
            kind="bargauge", unit="percentunit", width=12, maximum=1, steps=((None, GREEN), (0.7, ORANGE), (1, RED)),
        ),
        Panel(
            "Budget used over time",
            "Actions reserved within the window. A flat line at the limit means that faults outrun the budget.",
            (Query(f"max by (policy) (planaria_budget_used_actions{{{OF_POLICY}}})", "{{policy}}"),),
            width=12,
        ),
    ),
)  # fmt: skip

ITSELF: Final = Row(
    "The operator itself",
    (
        Panel(
            "Time in each station",
            "90 % are faster; verify, which waits for the target, is left out. Evidence above a second: logs are slow to read.",
            (
                Query(
                    "histogram_quantile(0.9, sum by (le, station) "
                    f'(increase(planaria_station_seconds_bucket{{{OWN},station!="verify"}}[1h]))) > 0',
                    "{{station}}",
                ),
            ),
            unit="s", width=12,
        ),
        Panel(
            "API errors",
            "Failed calls to the API server. Conflicts are ordinary; Forbidden names a verb that the role lacks.",
            (
                Query(
                    f"sum by (kind) (rate(planaria_api_errors_total{{{OWN}}}[$__rate_interval]))", "{{kind}}"
                ),
            ),
            unit="ops", width=12,
        ),
        Panel(
            "Errors nobody expected, and dropped Events",
            "Reconcile errors are bugs: the log has the traceback. Dropped Events only miss in `kubectl describe`.",
            (
                Query(f"sum(increase(planaria_reconcile_errors_total{{{OWN}}}[$__rate_interval]))", "reconcile"),
                Query(f"sum(increase(planaria_events_dropped_total{{{OWN}}}[$__rate_interval]))", "dropped Events"),
            ),
            width=6, colours={"reconcile": RED, "dropped Events": ORANGE},
        ),
        Panel(
            "Event loop lag",
            "Longest time within 10 s that the process could not run. Above a second it reacts late.",
            (Query(f"max by (pod) (planaria_loop_lag_seconds{{{OWN}}})", "{{pod}}"),),
            unit="s", width=6,
        ),
        Panel(
            "Since the last watch event",
            "Grows in a quiet cluster. Growing while things happen means that the watch is dead; /readyz says so too.",
            (
                Query(
                    f"time() - max by (pod) (planaria_watch_last_event_timestamp_seconds{{{OWN}}} > 0)", "{{pod}}"
                ),
            ),
            unit="s", width=6,
        ),
        Panel(
            "Memory",
            "Resident memory of each operator process.",
            (Query(f"process_resident_memory_bytes{{{OWN}}} and on (pod) planaria_leader{{{OWN}}}", "{{pod}}"),),
            unit="bytes", width=6,
        ),
    ),
)  # fmt: skip

OPERATIONS: Final = Dashboard(
    uid="planaria-operations",
    title="Planaria / Operations",
    description="What broke, what Planaria did about it, what it refused to do and why, and how it is itself.",
    policies=True,
    rows=(NOW, INCIDENTS, ACTIONS, BUDGETS, ITSELF),
)
