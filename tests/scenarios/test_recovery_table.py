"""The bench's table says what was measured, and its check misses nothing."""

import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from bench import recovery_plot, recovery_report
from planaria_scenarios.records import Applied
from planaria_scenarios.result import Result

ACTION = Applied(
    "rem", 1, "restart", "StatefulSet/cart", "evict cart-0", ("Pod/cart-0",), 10.0, 11.0, "Recovered"
)


def result(name: str = "hanging-replica", kind: str = "fault", **fields) -> Result:
    known: dict[str, Any] = {
        "title": "One replica hangs",
        "operator": True,
        "namespace": "n",
        "limit_seconds": 120,
    }
    return Result(name=name, kind=kind, **(known | fields))


def healed(**fields) -> Result:
    return result(**{"actions": [ACTION], "applied_after": 11.0, "recovered_after": 18.25, **fields})


def alone() -> Result:
    return result(
        operator=False,
        visible_after=4.5,
        problems=["not recovered within 120 s: StatefulSet/cart: not ready: cart-0"],
    )


def text(table) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def unmet(*found: Result) -> list[str]:
    return [goal.name for goal in recovery_report.goals(found) if not goal.met]


def test_row_shows_both_times_and_the_limit_that_kubernetes_alone_did_not_keep():
    shown = text(recovery_report.table(recovery_report.rows([healed()], [alone()])))
    assert all(word in shown for word in ("restart StatefulSet/cart", "11.0", "18.2", "> 116"))


def test_run_that_was_not_made_is_not_shown_as_a_failure_of_kubernetes():
    shown = text(recovery_report.table(recovery_report.rows([healed()], [])))
    assert "not run" in shown
    assert ">" not in shown


def test_all_goals_are_met_when_all_went_well():
    assert unmet(healed(), result("slow-start", "control")) == []


@pytest.mark.parametrize(
    ("bad", "missed"),
    [
        (healed(recovered_after=None), "faults recovered by the right action"),
        (healed(problems=["taken for overload"]), "faults recovered by the right action"),
        (healed(error="the cluster went away"), "faults recovered by the right action"),
        (healed(harm=["shop-1 was removed"]), "scenarios with harm"),
        (result("slow-start", "control", actions=[replace(ACTION, applied=None)]), "actions in controls"),
        (result("slow-start", "control", error="not ready before any fault"), "controls that ended well"),
    ],
)
def test_check_misses_nothing(bad: Result, missed: str):
    assert missed in unmet(healed(), result("rolling-update", "control"), bad)


def test_json_holds_rows_goals_and_every_run():
    on, off = [healed(), result("slow-start", "control")], [alone()]
    body = json.loads(json.dumps(recovery_report.body(on, off, recovery_report.goals(on))))
    assert [row["recovered"] for row in body["rows"]] == [18.25]
    assert body["rows"][0]["alone"] is None
    assert body["rows"][0]["alone_watched"] == 115.5
    assert len(body["with_operator"]) == 2
    assert all(goal["met"] for goal in body["goals"])


def test_plot_is_drawn_with_and_without_recovery(tmp_path):
    rows = recovery_report.rows(
        [healed(), healed(name="b", recovered_after=None, applied_after=None)], [alone()]
    )
    recovery_plot.draw(rows, tmp_path / "plots" / "recovery.png")
    assert (tmp_path / "plots" / "recovery.png").read_bytes().startswith(b"\x89PNG")
