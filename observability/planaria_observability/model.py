"""The dashboard of whoever minds the models: who reads and how surely, who decides, and what is asked of whom."""

from typing import Final

from planaria_observability.operations import OWN
from planaria_observability.panels import (
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

SOURCES: Final = {"vllm": BLUE, "hybrid": VIOLET, "encoder": GREEN, "rules": GREY}
ANSWERING: Final = {1.0: ("answers", GREEN), 0.0: ("stands in", ORANGE)}


def _quantile(share: float, metric: str, by: str = "") -> str:
    kept = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({kept}) (increase({metric}_bucket{{{OWN}}}[1h]))) > 0"


NOW: Final = Row(
    "Now",
    (
        Panel(
            "Configured reader",
            "Whether what was configured reads the evidence. Where it does not, the encoder or the rules stand in.",
            (Query(f"min(planaria_semantics_available{{{OWN}}})"),),
            kind="stat", width=4, height=4, words=ANSWERING,
        ),
        Panel(
            "Policy service",
            "Whether the learned policy answers. Where it does not, or none is configured, the rules decide.",
            (Query(f"max(planaria_policy_available{{{OWN}}})"),),  # a standby asks nothing, so its own is 0
            kind="stat", width=4, height=4, words={1.0: ("answers", GREEN), 0.0: ("rules decide", ORANGE)},
        ),
        Panel(
            "Served policy",
            "The version that the policy service answers with. Two of them for more than a minute: a rollout is stuck.",
            (Query(f"max by (version) (planaria_policy_served{{{OWN}}}) > 0", "{{version}}"),),
            kind="stat", width=4, height=4, show_name=True,
        ),
        Panel(
            "Agreement with the rules",
            "In shadow mode: how often the learned policy would have chosen what the rules chose. Not a goal in itself.",
            (
                Query(
                    f'sum(increase(planaria_policy_shadow_total{{{OWN},agrees="true"}}[$__range])) / '
                    f"sum(increase(planaria_policy_shadow_total{{{OWN}}}[$__range]))"
                ),
            ),
            kind="stat", unit="percentunit", width=4, height=4,
        ),
        Panel(
            "Median confidence",
            "Calibrated: of the readings with 0.8, four of five are right. Falling means evidence unlike the training's.",
            (
                Query(
                    "histogram_quantile(0.5, sum by (le) "
                    f"(increase(planaria_semantics_confidence_ratio_bucket{{{OWN}}}[$__range])))"
                ),
            ),
            kind="stat", unit="percentunit", width=4, height=4, steps=((None, RED), (0.5, ORANGE), (0.7, GREEN)),
        ),
        Panel(
            "Cache hits",
            "Questions to the model that were answered from memory or by one that was just being asked.",
            (
                Query(
                    f'sum(increase(planaria_semantics_cache_total{{{OWN},how=~"hit|joined"}}[$__range])) / '
                    f"sum(increase(planaria_semantics_cache_total{{{OWN}}}[$__range]))"
                ),
            ),
            kind="stat", unit="percentunit", width=4, height=4,
        ),
    ),
)  # fmt: skip

READING: Final = Row(
    "What the evidence means",
    (
        Panel(
            "Who read",
            "Readings by what made them. More of encoder or rules than configured: the model is away (see below).",
            (Query(f"sum by (source) (increase(planaria_faults_total{{{OWN}}}[$__interval])) > 0", "{{source}}"),),
            bars=True, stacked=True, colours=SOURCES,
        ),
        Panel(
            "What it was taken for",
            "Fault classes over the shown time. Many unknown: faults that the model was not trained on.",
            (
                Query(
                    f"sort_desc(sum by (fault) (increase(planaria_faults_total{{{OWN}}}[$__range])) > 0)", "{{fault}}"
                ),
            ),
            kind="bargauge",
        ),
        Panel(
            "Confidence of each reading",
            "Each cell counts readings; darker is more. A band low down is evidence that supports several classes.",
            (
                Query(
                    f"sum by (le) (increase(planaria_semantics_confidence_ratio_bucket{{{OWN}}}[$__interval]))",
                    "{{le}}",
                ),
            ),
            kind="heatmap", unit="percentunit",
        ),
        Panel(
            "Confidence by reader",
            "Median over the last hour. The rules are sure of little; that is not a fault of theirs.",
            (Query(_quantile(0.5, "planaria_semantics_confidence_ratio", "source"), "{{source}}"),),
            unit="percentunit", maximum=1, colours=SOURCES,
        ),
        Panel(
            "Novelty",
            "How unlike anything known the evidence was, over the last hour. Rising: retrain, or teach it the new class.",
            (
                Query(_quantile(0.5, "planaria_semantics_novelty_ratio"), "median"),
                Query(_quantile(0.9, "planaria_semantics_novelty_ratio"), "90 %"),
            ),
            unit="percentunit", maximum=1, colours={"median": GREEN, "90 %": ORANGE},
        ),
        Panel(
            "Answers of the readers",
            "By reader and outcome: anything but ok means that the next reader was asked.",
            (
                Query(
                    f"sum by (reader, outcome) (increase(planaria_semantics_asked_total{{{OWN}}}[$__interval])) > 0",
                    "{{reader}}: {{outcome}}",
                ),
            ),
            bars=True, stacked=True, colours={"hybrid: ok": VIOLET, "vllm: ok": BLUE, "encoder: ok": GREEN, "rules: ok": GREY},
        ),
        Panel(
            "Time to read",
            "90 % are faster, waiting for a free place included, over the last hour.",
            (Query(_quantile(0.9, "planaria_semantics_seconds", "reader"), "{{reader}}"),),
            unit="s", width=12, colours=SOURCES,
        ),
        Panel(
            "Questions to the model, and how they were met",
            "hit: remembered. joined: the same was being asked. miss: it went out. A storm of one cause should be nearly all hits.",
            (
                Query(
                    f"sum by (how) (increase(planaria_semantics_cache_total{{{OWN}}}[$__interval])) > 0", "{{how}}"
                ),
            ),
            bars=True, stacked=True, width=12, colours={"hit": GREEN, "joined": BLUE, "miss": ORANGE},
        ),
    ),
)  # fmt: skip

DECIDING: Final = Row(
    "Who decides",
    (
        Panel(
            "Decisions to act, by what took them",
            "ppo is the learned policy. Rules where the mode says so, and wherever the service did not answer in time.",
            (
                Query(
                    f"sum by (decided_by) (increase(planaria_decisions_total{{{OWN}}}[$__interval])) > 0",
                    "{{decided_by}}",
                ),
            ),
            bars=True, stacked=True, colours={"ppo": VIOLET, "rules": GREY},
        ),
        Panel(
            "Agreement with the rules, over time",
            "Shadow mode, over the last hour. A jump after a new policy version is worth reading a few records.",
            (
                Query(
                    f'sum(increase(planaria_policy_shadow_total{{{OWN},agrees="true"}}[1h])) / '
                    f"(sum(increase(planaria_policy_shadow_total{{{OWN}}}[1h])) > 0)",
                    "agreement",
                ),
            ),
            unit="percentunit", maximum=1, colours={"agreement": VIOLET},
        ),
        Panel(
            "Questions to the policy service, and fallbacks",
            "PolicyAnswers, or the reason why the rules decided. After three failures in a row it is left alone for a while.",
            (
                Query(
                    f"sum by (outcome) (increase(planaria_policy_asked_total{{{OWN}}}[$__interval])) > 0",
                    "{{outcome}}",
                ),
            ),
            bars=True, stacked=True, colours={
                "PolicyAnswers": GREEN, "PolicyNotReached": RED, "PolicyTooSlow": ORANGE, "PolicyMalformed": VIOLET,
            },
        ),
        Panel(
            "Time to decide, as the operator sees it",
            "Over the last hour. After the deadline (50 ms unless set otherwise) the rules decide.",
            (
                Query(_quantile(0.5, "planaria_policy_seconds"), "median"),
                Query(_quantile(0.9, "planaria_policy_seconds"), "90 %"),
                Query(_quantile(0.99, "planaria_policy_seconds"), "99 %"),
            ),
            unit="s", colours={"median": GREEN, "90 %": ORANGE, "99 %": RED},
        ),
        Panel(
            "Availability over time",
            "1: answers. 0: something simpler stands in.",
            (
                Query(f"max(planaria_policy_available{{{OWN}}})", "policy service"),
                Query(f"min(planaria_semantics_available{{{OWN}}})", "configured reader"),
            ),
            maximum=1, colours={"policy service": VIOLET, "configured reader": BLUE},
        ),
        Panel(
            "Reports of closed incidents",
            "Whether the policy service keeps what came of its decisions; OutcomeNotKept where it runs without a memory.",
            (
                Query(
                    f"sum by (result) (increase(planaria_policy_outcomes_total{{{OWN}}}[$__interval])) > 0", "{{result}}"
                ),
            ),
            bars=True, stacked=True, colours={"OutcomeKept": GREEN, "OutcomeNotKept": ORANGE},
        ),
    ),
)  # fmt: skip

SERVICE: Final = Row(
    "The policy service",
    (
        Panel(
            "Decisions given",
            "By action. One action only, whatever the fault: roll the policy back (planaria policy rollback).",
            (
                Query(
                    f"sum by (action) (increase(planaria_policy_decisions_total{{{OWN}}}[$__interval])) > 0",
                    "{{action}}",
                ),
            ),
            bars=True, stacked=True,
        ),
        Panel(
            "Time to answer",
            "Within the service, over the last hour. The difference to the operator's view is the network.",
            (
                Query(_quantile(0.5, "planaria_policy_request_seconds"), "median"),
                Query(_quantile(0.99, "planaria_policy_request_seconds"), "99 %"),
            ),
            unit="s", colours={"median": GREEN, "99 %": RED},
        ),
        Panel(
            "Refused requests, refused files",
            "Requests that are no question (a peer of another version?), and policy files that failed their self-test.",
            (
                Query(f"sum by (reason) (increase(planaria_policy_refusals_total{{{OWN}}}[$__range]))", "{{reason}}"),
                Query(f"sum(planaria_policy_refused_files{{{OWN}}})", "files refused"),
            ),
            kind="bargauge", steps=((None, ORANGE),),
        ),
        Panel(
            "Memory: what became of decisions and reports",
            "Kept is right. NotReached: the database is away; decisions go on.",
            (
                Query(
                    f"sum by (what, result) (increase(planaria_policy_memory_kept_total{{{OWN}}}[$__interval])) > 0",
                    "{{what}}: {{result}}",
                ),
            ),
            bars=True, stacked=True,
        ),
        Panel(
            "Memory: looks for precedents",
            "Found: the like was remembered. Late: the database took longer than a decision may.",
            (
                Query(
                    f"sum by (result) (increase(planaria_policy_precedents_total{{{OWN}}}[$__interval])) > 0", "{{result}}"
                ),
            ),
            bars=True, stacked=True, colours={"Found": GREEN, "None": GREY, "Late": ORANGE, "NotReached": RED},
        ),
        Panel(
            "Memory: waiting to be written",
            "Grows while the database is slower than incidents; at 2000 new ones are dropped.",
            (Query(f"sum(planaria_policy_memory_waiting{{{OWN}}})", "waiting"),),
            colours={"waiting": BLUE},
        ),
    ),
)  # fmt: skip

MODEL: Final = Dashboard(
    uid="planaria-model",
    title="Planaria / Model",
    description="Who reads the evidence and how surely, who decides, how fast, and what happens when one of them is away.",
    policies=False,
    rows=(NOW, READING, DECIDING, SERVICE),
)
