"""At most one action for a cause, none against minHealthy, and every record names the cause: each can be missed."""

from dataclasses import replace
from typing import Any

from bench import modes, storm_report
from bench.modes import Row as ModeRow
from bench.scale_report import Latency, latency, share
from bench.storm_report import Cause
from bench.town_watch import Cost, Health, Record
from planaria_scenarios.audit import OPERATOR, Change

CAUSE = Cause("db", "the database is away", frozenset({"deployments/db"}), ("Deployment db",))
PATCH = Change(
    10.5, OPERATOR, "planaria-operator/1", "patch", "apps", "deployments", "n", "db", 200, dry_run=False
)
COST = Cost(60, 3.0, 120, 0.1)
WELL = [Health(1, 100, 100), Health(10, 80, 100)]


def record(
    message: str = "one of 41 incidents with the cause Deployment db", stage: str = "Finished"
) -> Record:
    body: dict[str, Any] = {
        "metadata": {"name": "user-1", "creationTimestamp": "2026-11-29T03:00:00Z"},
        "spec": {"target": {"kind": "Deployment", "name": "user"}, "visibleAt": "2026-11-29T02:59:58Z"},
    }
    made = Record(body)
    said = [{"reason": "SharedCause", "message": message}]
    made.take({**body, "status": {"stage": stage, "conditions": said, "timeline": []}})
    return made


def unmet(
    *changes: Change, records: list[Record] | None = None, health: Any = WELL, whole: bool = True
) -> list[str]:
    row = storm_report.row(
        CAUSE, [record()] if records is None else records, changes, health, COST, min_healthy=70, whole=whole
    )
    return [goal.name for goal in storm_report.goals([row]) if not goal.met]


def test_one_action_on_the_cause_is_as_it_should_be():
    assert unmet(PATCH, replace(PATCH, dry_run=True), replace(PATCH, code=409)) == []


def test_no_action_at_all_is_right_too():
    assert unmet() == []


def test_a_second_action_is_one_too_many():
    assert unmet(PATCH, replace(PATCH, time=11)) == ["actions for one cause"]


def test_an_action_on_a_symptom_is_wrong():
    assert unmet(replace(PATCH, name="user")) == ["actions on anything but the cause"]


def test_an_action_while_too_few_are_healthy_is_against_min_healthy():
    assert unmet(PATCH, health=[Health(10, 69, 100)]) == ["actions against minHealthy"]
    assert unmet(PATCH, health=[Health(10, 70, 100)]) == []
    assert unmet(PATCH, health=[Health(11, 100, 100)]) == ["actions against minHealthy"], (
        "nobody had looked before"
    )


def test_a_record_that_does_not_name_the_cause_is_seen():
    assert unmet(records=[record(), record("storm since 03:00:00Z")]) == ["records that name the cause"]
    assert unmet(records=[]) == ["records that name the cause", "causes that broke what they should"]


def test_a_cause_that_broke_less_than_it_should_proves_nothing():
    wide = replace(CAUSE, least=2)
    row = storm_report.row(wide, [record()], [PATCH], WELL, COST, min_healthy=70, whole=True)
    assert [goal.name for goal in storm_report.goals([row]) if not goal.met] == [
        "causes that broke what they should"
    ]


def test_a_record_that_opened_after_the_cause_was_taken_away_need_not_name_it():
    later = record("storm since 03:00:00Z")
    made = [replace_created(record(), 5.0), replace_created(later, 20.0)]
    row = storm_report.row(CAUSE, made, [], WELL, COST, min_healthy=70, whole=True, mended=10.0)
    assert (row.records, row.later, row.naming) == (1, 1, 1)


def replace_created(made: Record, created: float) -> Record:
    made.created = created
    return made


def test_what_stays_behind_is_seen():
    assert unmet(records=[record(stage="Blocked")]) == ["records left open"]
    assert unmet(whole=False) == ["whole again in the end"]


# --- modes


def in_mode(**fields: Any) -> list[str]:
    known: dict[str, Any] = {"would": "rollback", "on_targets": 0, "dry_runs": 0, "own": 9}
    row = ModeRow("missing-image-rollout", "Observe", **(known | fields))
    return [goal.name for goal in modes.goals([row], []) if not goal.met]


def test_a_mode_that_only_looks_changes_nothing_and_tries_nothing():
    assert in_mode() == []
    assert in_mode(on_targets=1) == ["calls that change a target"]
    assert in_mode(dry_runs=1) == ["dry runs"]
    node = replace(PATCH, resource="nodes", namespace="")
    row = ModeRow("lost-node", "Observe", "migrate", 0, 0, 9)
    assert [goal.name for goal in modes.goals([row], [node]) if not goal.met] == [
        "calls that change a target"
    ]


def test_a_fault_that_was_never_decided_on_proves_nothing():
    assert in_mode(would="") == ["faults decided and left alone"]
    assert in_mode(error="shop not ready") == ["faults decided and left alone"]
    assert in_mode(own=0) == ["faults told of in the audit log"]


# --- scale


def test_latency_counts_from_the_change_of_the_pod_to_the_record_and_to_the_decision():
    made = replace(PATCH, verb="create", resource="remediations", name="plain-001-1a2b", code=201)
    status = replace(made, verb="patch", resource="remediations/status", code=200)
    found = [replace(made, time=10.25), replace(status, time=10.5), replace(status, time=11.0)]
    assert latency({"plain-001": 10.0, "plain-002": 10.0}, found) == Latency([0.25], [1.0], 1.5)


def test_shares_are_of_what_was_measured():
    assert share([], 99) == 0.0
    assert share([3.0], 99) == 3.0
    assert share([float(value) for value in range(101)], 99) == 99.0
