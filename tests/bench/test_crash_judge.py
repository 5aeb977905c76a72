"""Losing an incident, and acting on it twice, are seen by the audit log whatever the records say."""

from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from bench import crash_report
from bench.crash_judge import Verdict, verdict
from bench.crash_operator import Kill
from bench.crash_report import Measured
from planaria_scenarios.audit import OPERATOR, Change
from planaria_scenarios.records import Applied
from planaria_scenarios.result import Result

ROLLBACK = Applied(
    "rem", 1, "rollback", "Deployment/shop", "to 1", ("Deployment/shop",), 10.0, 11.0, "Recovered"
)
EVICT = Applied("rem", 1, "restart", "StatefulSet/cart", "evict", ("Pod/cart-0",), 10.0, 11.0, "Recovered")


def change(resource: str, name: str, verb: str = "patch", **fields: Any) -> Change:
    known: dict[str, Any] = {
        "time": 10.5,
        "user": OPERATOR,
        "agent": "planaria-operator/1",
        "group": "apps",
        "namespace": "n",
        "code": 200,
        "dry_run": False,
    }
    return Change(resource=resource, name=name, verb=verb, **(known | fields))


RECORD = change("remediations", "rem", "create", group="planaria.dev", code=201)
PATCH = change("deployments", "shop")
EVICTION = change("pods/eviction", "cart-0", "create", group="", code=201)


def result(*actions: Applied, **fields: Any) -> Result:
    known: dict[str, Any] = {
        "name": "missing-image-rollout",
        "title": "t",
        "kind": "fault",
        "operator": True,
        "namespace": "n",
        "limit_seconds": 120,
        "recovered_after": 4.0,
    }
    return Result(actions=list(actions), **(known | fields))


def test_one_change_for_one_attempt_is_as_it_should_be():
    found = verdict(result(ROLLBACK), [RECORD, replace(PATCH, dry_run=True), PATCH], kills=["act"])
    assert (found.lost, found.doubles, found.calls, found.dry_runs) == ("", (), 1, 1)


def test_a_second_change_is_a_double_action_although_the_record_tells_of_one_attempt():
    found = verdict(result(ROLLBACK), [RECORD, PATCH, replace(PATCH, time=12)])
    assert found.doubles == ("deployments shop was changed 2 times by 1 attempts, 1 is right",)
    assert found.calls == 2


def test_a_second_attempt_is_a_double_action_although_the_record_admits_it():
    twice = [ROLLBACK, replace(ROLLBACK, number=2)]
    found = verdict(result(*twice), [RECORD, PATCH, replace(PATCH, time=12)])
    assert found.doubles == (
        "deployments shop was changed 2 times by 2 attempts, 1 is right",
        "2 attempts, 1 is right",
    )
    assert verdict(result(*twice), [RECORD, PATCH, replace(PATCH, time=12)], limit=2).doubles == ()


def test_an_attempt_that_was_undone_changes_its_object_once_each_way():
    undone = replace(ROLLBACK, outcome="Ineffective", reverted=20.0)
    thrice = [PATCH, replace(PATCH, time=20), replace(PATCH, time=30)]
    found = verdict(result(undone, replace(ROLLBACK, number=2)), [RECORD, *thrice], limit=2)
    assert (found.doubles, found.calls) == ((), 1)
    once_more = verdict(
        result(undone, replace(ROLLBACK, number=2)), [RECORD, *thrice, replace(PATCH, time=31)], limit=2
    )
    assert once_more.doubles == ("deployments shop was changed 3 times by 2 attempts, 2 is right",)


def test_an_action_that_no_record_announces_is_one_too_many():
    found = verdict(result(ROLLBACK), [RECORD, PATCH, change("deployments/scale", "other")])
    assert found.doubles == ("deployments/scale other was changed without an attempt that says so",)
    assert verdict(result(), [RECORD, PATCH]).doubles


def test_an_eviction_of_a_namesake_is_a_second_action():
    twice = [RECORD, EVICTION, replace(EVICTION, time=20)]
    assert verdict(result(EVICT), twice).doubles == (
        "pods/eviction cart-0 was changed 2 times by 1 attempts, 1 is right",
    )
    assert verdict(result(EVICT), [RECORD, EVICTION, replace(EVICTION, time=20, code=404)]).doubles == ()


def test_a_resize_that_is_sent_again_says_the_same_and_is_only_counted():
    resized = replace(ROLLBACK, action="resize", objects=("Pod/shop-1", "Deployment/shop"))
    again = change("pods/resize", "shop-1", group="")
    found = verdict(result(resized), [RECORD, again, replace(again, time=12), PATCH])
    assert (found.doubles, found.calls) == ((), 2)


def test_what_was_turned_down_or_only_tried_is_no_action():
    found = verdict(result(ROLLBACK), [RECORD, PATCH, replace(PATCH, code=422), replace(PATCH, dry_run=True)])
    assert (found.doubles, found.refused) == ((), 1)


def test_what_happened_in_another_namespace_is_another_incident():
    assert verdict(result(ROLLBACK), [RECORD, PATCH, replace(PATCH, namespace="m")]).doubles == ()


@pytest.mark.parametrize(
    ("changes", "fields", "why"),
    [
        ([PATCH], {}, "no Remediation was ever made"),
        ([replace(RECORD, code=409), PATCH], {}, "no Remediation was ever made"),
        (
            [RECORD],
            {"recovered_after": None, "problems": ["not recovered within 9 s"]},
            "not recovered within 9 s",
        ),
        ([RECORD, PATCH], {"open_records": ["rem"]}, "not closed: rem"),
        ([RECORD, PATCH], {"error": "shop not ready before any fault"}, "shop not ready before any fault"),
    ],
)
def test_an_incident_is_lost(changes: list[Change], fields: dict[str, Any], why: str):
    assert verdict(result(ROLLBACK, **fields), changes).lost == why


# --- the table


def told(**fields: Any) -> Verdict:
    known = Verdict("n", "missing-image-rollout", ("act",), "", (), (), 1, 1, 0, 1, 4.0)
    return replace(known, **fields)


def measured(*verdicts: Verdict) -> Measured:
    kills = [Kill(1.0, 0.5, "act", {"n": "act"}), Kill(9.0, 2.5, "", {"n": "verify", "m": "act"})]
    return Measured(kills, verdicts, [told(kills=(), recovered_after=2.0)], ["act", "verify"], 7, 0.5)


def unmet(found: Measured, wanted: int = 2) -> list[str]:
    return [goal.name for goal in crash_report.goals(found, wanted) if not goal.met]


FINE = told(kills=("act", "verify"))


def test_each_goal_can_be_missed():
    assert unmet(measured(FINE)) == []
    assert unmet(measured(FINE), wanted=3) == ["kills"]
    assert unmet(measured(told(kills=("act",)))) == ["stations at which it died"]
    assert unmet(measured(FINE, told(lost="not closed: rem"))) == ["lost incidents"]
    assert unmet(measured(FINE, told(doubles=("twice",)))) == ["incidents with a double action"]
    assert unmet(measured(FINE, told(harm=("restarted",)))) == ["incidents with other harm"]


def test_kills_that_hit_nothing_do_not_count_for_much():
    idle = [Kill(1.0, 0.5, ""), Kill(2.0, 0.5, ""), Kill(9.0, 2.5, "", {"n": "act"})]
    assert unmet(replace(measured(FINE), kills=idle)) == ["kills with an incident open"]


def test_a_row_says_where_it_was_hit_and_what_came_of_it():
    rows = crash_report.rows(measured(FINE, told(namespace="m", kills=("act",), lost="gone", calls=2)))
    assert [(row.station, row.aimed, row.incidents, row.lost, row.doubles, row.calls) for row in rows] == [
        ("act", 1, 2, 1, 0, 2),
        ("verify", 0, 1, 0, 0, 1),
    ]
    assert crash_report.caught(measured().kills, "n") == ["act", "verify"]


def test_what_a_kill_costs_is_told_in_starts_of_the_operator():
    assert crash_report.cost(measured(told(kills=("act", "act"), recovered_after=4.0))) == 2.0
    assert crash_report.cost(measured(told(kills=()))) is None


def test_the_table_and_the_complaints_name_what_went_wrong():
    console = Console(width=120)
    with console.capture() as captured:
        console.print(crash_report.table(measured(FINE)))
    assert "MOST CALLS FOR ONE ATTEMPT" in captured.get()
    wrong = measured(told(lost="not closed: rem", doubles=("changed twice",)))
    assert crash_report.complaints(wrong) == [
        "missing-image-rollout in n: lost: not closed: rem",
        "missing-image-rollout in n: changed twice",
    ]
    assert crash_report.body(wrong, crash_report.goals(wrong, 2))["incidents"][0]["lost"] == "not closed: rem"
