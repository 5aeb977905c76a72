import re
import subprocess
import sys
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.objects.meta import Identity
from planaria_operator.objects.store import ClusterStore
from planaria_operator.telemetry import metrics
from planaria_operator.telemetry.metrics import REGISTRY, count_stages, show_records
from tests.builders import NOW, policy
from tests.guard.proposals import remediation

UNBOUNDED = {"pod", "name", "node", "namespace", "uid", "message", "note", "target", "remediation"}


def ours() -> list[Counter | Gauge | Histogram]:
    return [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]


def open_in(stage: Stage) -> float | None:
    return REGISTRY.get_sample_value("planaria_open_remediations", {"stage": stage.value})


def holding(records: list[Remediation], *policies: HealingPolicy) -> ClusterStore:
    here = ClusterStore()
    for each in policies:
        here.put_policy(each)
    for record in records:
        here.put_remediation(record)
    return here


def test_every_metric_has_our_prefix_a_help_text_and_bounded_labels():
    assert len(ours()) >= 12
    for metric in ours():
        (family,) = metric.describe()
        assert family.name.startswith("planaria_")
        assert family.documentation.endswith(".")
        assert not set(metric._labelnames) & UNBOUNDED, family.name


def test_open_remediations_are_counted_by_stage_and_empty_stages_go_back_to_zero():
    count_stages([Stage.ACTING, Stage.ACTING, Stage.VERIFYING, Stage.FINISHED])
    assert (open_in(Stage.ACTING), open_in(Stage.VERIFYING), open_in(Stage.BLOCKED)) == (2, 1, 0)
    assert open_in(Stage.FINISHED) is None
    count_stages([])
    assert open_in(Stage.ACTING) == 0


def test_what_waits_for_approval_is_counted_by_policy_and_gone_with_it():
    def asked(policy: str) -> float | None:
        return REGISTRY.get_sample_value("planaria_approvals_waiting", {"policy": policy})

    waiting = [remediation(name=f"front-{number}") for number in range(3)]
    stages = (Stage.AWAITING, Stage.AWAITING, Stage.BLOCKED)
    records = [
        each.model_copy(update={"status": each.status.model_copy(update={"stage": stage})})
        for each, stage in zip(waiting, stages, strict=True)
    ]
    show_records(holding(records, policy()), NOW)
    assert asked("shop/default") == 2
    show_records(holding(records), NOW)
    assert asked("shop/default") is None


def test_nobody_waits_for_a_person_where_the_policy_was_deleted_without_its_records():
    """As `kubectl delete --cascade=orphan` leaves them: no record of these ever closes, and the alert fired for good."""
    handed_over = remediation()
    handed_over = handed_over.model_copy(
        update={"status": handed_over.status.model_copy(update={"stage": Stage.ESCALATED})}
    )
    unread = holding([handed_over])
    unread.unreadable[Identity("HealingPolicy", "shop", "default", "uid-1")] = "spec.mode: none of these"
    since = handed_over.spec.visible_at.timestamp()
    for here, expected in (
        (holding([handed_over], policy()), since),
        (holding([handed_over]), 0),
        (unread, since),
    ):
        show_records(here, NOW)
        assert REGISTRY.get_sample_value("planaria_oldest_escalation_timestamp_seconds") == expected
        assert open_in(Stage.ESCALATED) == 1, "it is there, and not finished"


def test_incidents_are_counted_from_zero_by_policy_and_the_count_is_gone_with_it():
    def counted() -> float | None:
        labels = {"policy": "shop/default", "symptom": "CrashLoopBackOff"}
        return REGISTRY.get_sample_value("planaria_incidents_total", labels)

    show_records(holding([], policy()), NOW)
    assert counted() == 0
    metrics.INCIDENTS.labels("shop/default", "CrashLoopBackOff").inc()
    show_records(holding([], policy()), NOW)
    assert counted() == 1
    show_records(holding([]), NOW)
    assert counted() is None


RULES = Path(__file__).parents[2] / "charts" / "planaria" / "rules" / "planaria.yaml"


def test_every_refusal_that_an_alert_counts_is_counted_from_zero():
    """A storm refuses many within one scrape: a series that began with them would show no increase."""
    shown = "from prometheus_client import generate_latest; from planaria_operator.telemetry.metrics import REGISTRY"
    fresh = subprocess.run(
        [sys.executable, "-c", f"{shown}; print(generate_latest(REGISTRY).decode())"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    counted = re.findall(r'planaria_refusals_total\{[^}]*reason=~?"([^"]+)"', RULES.read_text())
    assert len(counted) == 2
    for reason in "|".join(counted).split("|"):
        assert re.search(rf'planaria_refusals_total{{.*reason="{reason}"}} 0\.0', fresh), reason
