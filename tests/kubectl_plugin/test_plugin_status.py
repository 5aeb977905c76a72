"""`status` from what was read to what is printed, without a cluster."""

from datetime import timedelta

import pytest

from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.standing import waits_for
from planaria_kubectl.status.report import summarised
from planaria_kubectl.status.view import render
from planaria_operator.api.conditions import Status
from planaria_operator.api.remediation import Stage
from tests import builders
from tests.api import example
from tests.builders import NOW, ago
from tests.kubectl_plugin.worlds import condition, pause, record, seen, world

SOON, LONG_AGO = NOW + timedelta(seconds=20), ago(300)
(UNDOABLE,) = record().status.attempts
IRREVERSIBLE = UNDOABLE.model_copy(update={"plan": UNDOABLE.plan.model_copy(update={"inverse": ()})})
"""A restart, say."""


def printed(made, namespace="shop", width=120):
    return rendered(render(summarised(made, namespace, NOW)), terminal(width, colours=False))


def test_no_policy_says_that_nothing_is_done_and_what_to_do():
    assert printed(world()) == (
        "No policy in namespace shop: Planaria does nothing here.\n"
        "Next: see docs/samples for one to begin with (mode Observe changes nothing)\n"
    )


@pytest.mark.parametrize(
    ("stage", "status", "waits"),
    [
        (Stage.DETECTED, {}, "the evidence to be read"),
        (Stage.UNDERSTOOD, {}, "a decision"),
        (
            Stage.BLOCKED,
            {
                "conditions": (condition("Executed", Status.FALSE, "Cooldown", "acted on 9 s ago"),),
                "next_check_at": SOON,
            },
            "Cooldown to pass: acted on 9 s ago; looks again in 20s",
        ),
        (
            Stage.WAITING,
            {"next_check_at": SOON},
            "The limit is too low for the load.; looks again in 20s",
        ),
        (Stage.ACTING, {}, "the API server to accept the plan"),
        (
            Stage.ACTING,
            {
                "conditions": (
                    condition("Executed", Status.FALSE, "DisruptionBudget", "1 of 2 must be there"),
                ),
                "next_check_at": SOON,
            },
            "DisruptionBudget: 1 of 2 must be there; looks again in 20s",
        ),
        (Stage.VERIFYING, {}, "the target to become healthy; undone in 2m where it does not"),
        (
            Stage.VERIFYING,
            {"attempts": (IRREVERSIBLE,)},
            "the target to become healthy; given up in 2m where it does not",
        ),
        (
            Stage.BLOCKED,  # what is well is only watched: the time that it waited for has no meaning any more
            {"healthy_since": ago(10), "next_check_at": LONG_AGO},
            "the target, healthy for 10s, to stay so for 20s more",
        ),
        (
            Stage.VERIFYING,
            {"healthy_since": ago(10)},
            "the target, healthy for 10s, to stay so for 20s more",
        ),
        (Stage.REVERTING, {}, "the action to be undone"),
        (
            Stage.ESCALATED,
            {"conditions": (condition("Succeeded", Status.UNKNOWN, "Escalated", "nothing is left"),)},
            "a person: nothing is left",
        ),
        (
            Stage.BLOCKED,
            {"next_check_at": LONG_AGO},
            "the operator, which should have looked again 5m ago: is it running?",
        ),
        (Stage.FINISHED, {"next_check_at": LONG_AGO}, ""),
    ],
)
def test_every_stage_says_what_it_waits_for(stage, status, waits):
    assert waits_for(record(stage=stage, **status), builders.policy(), NOW) == waits


def test_every_open_stage_says_something_even_without_its_policy_and_conditions():
    for stage in set(Stage) - {Stage.FINISHED}:
        for healthy in (None, ago(3)):
            assert waits_for(record(stage=stage, healthy_since=healthy, decision=None), None, NOW)


def test_what_needs_a_person_comes_first_and_leads_to_the_next_command():
    records = (
        record("front-1", stage=Stage.VERIFYING),
        record(
            "front-2",
            stage=Stage.ESCALATED,
            conditions=(condition("Succeeded", Status.UNKNOWN, "Escalated", "nothing is left"),),
        ),
    )
    report = summarised(world(policies=(seen(builders.policy()),), records=records), "shop", NOW)
    assert [each.name for each in report.active] == ["front-2", "front-1"]
    shown = printed(world(policies=(seen(builders.policy()),), records=records))
    assert "waits for a person: nothing is left" in shown
    assert "kubectl planaria why deployment/front -n shop" in shown


def test_what_is_amiss_is_said_once_for_all_policies_and_a_brake_with_its_policy():
    away = condition("MetricsAvailable", Status.FALSE, "MetricsUnreachable", "no answer")
    storm = condition("StormActive", Status.TRUE, "Storm", "9 incidents")
    fine = condition("SemanticsAvailable", Status.TRUE, "Embedded", "reads")
    policies = (
        seen(builders.policy("a"), conditions=(away, fine, storm)),
        seen(builders.policy("b"), conditions=(away, fine)),
    )
    shown = printed(world(policies=policies))
    assert shown.count("MetricsUnreachable") == 1
    assert "StormActive=True  Storm  9 incidents (shop/a)" in shown
    assert "SemanticsAvailable" not in shown


def test_a_policy_that_no_operator_has_looked_at_is_named():
    shown = printed(world(policies=(builders.policy(),)))
    assert "Unseen  shop/default: no operator has looked at it as it is now" in shown
    assert "is the operator running?" in shown


def test_pauses_that_hold_are_told_with_how_to_end_them():
    made = world(policies=(seen(builders.policy()),))
    made.pauses["shop", "default"] = (
        pause(until=NOW + timedelta(hours=3)),
        pause("bob", "over", until=ago(1)),
        pause("cem", "for good"),
    )
    shown = printed(made)
    assert "Paused  shop/default by anna for 3h more: black friday" in shown
    assert "Paused  shop/default by cem until it is resumed: for good" in shown
    assert "bob" not in shown
    assert "kubectl planaria resume default -n shop --requester anna" in shown


def test_a_requester_cannot_slip_a_command_into_what_somebody_will_paste():
    made = world(policies=(seen(builders.policy()),))
    made.pauses["shop", "default"] = (pause("x; rm -rf ~ $(id)"),)
    assert "--requester 'x; rm -rf ~ $(id)'\n" in printed(made)


def test_a_used_up_budget_says_when_the_next_action_is_free():
    used = tuple(
        example.POLICY_STATUS.reservations[0].model_copy(update={"attempt": n, "time": ago(600 - n)})
        for n in (1, 2)
    )
    policy = seen(
        builders.policy(guardrails={"budget": {"actions": 2, "window_seconds": 900}}), reservations=used
    )
    (line,) = summarised(world(policies=(policy,)), "shop", NOW).policies
    assert (line.budget.used, line.budget.limit) == (2, 2)
    assert line.budget.next_free_at == ago(599) + timedelta(seconds=900)
    assert "Budget  shop/default: used up, the next action is free in 5m" in printed(
        world(policies=(policy,))
    )


def test_results_are_the_latest_and_say_what_was_done():
    made = world(policies=(seen(builders.policy()),), records=(record(), record("front-2", attempts=())))
    report = summarised(made, "shop", NOW)
    assert {each.name: each.action for each in report.finished} == {"front-1a2b3c4d": "resize", "front-2": ""}
    lines = printed(made).splitlines()
    assert any(
        line.split()
        == [
            *("front-2", "Deployment/front", "memory_exhaustion", "nothing", "Recovered", "18s", "12s"),
        ]
        for line in lines
    )


def test_several_namespaces_are_told_apart():
    made = world(policies=(seen(builders.policy()),), records=(record(), record("x", stage=Stage.ACTING)))
    assert printed(made, namespace="").count("  shop ") == 3


def test_one_screen_at_eighty_columns_cuts_nothing():
    made = world(policies=(seen(builders.policy()),), records=(record("x", stage=Stage.VERIFYING),))
    assert "undone in 2m where it does not" in " ".join(printed(made, width=80).split())


def test_what_stands_still_without_its_policy_is_not_laid_to_the_operator_alone():
    """`--cascade=orphan`: the operator runs, and goes on with nothing of a policy that is gone."""
    left = record(stage=Stage.BLOCKED, next_check_at=LONG_AGO)
    assert waits_for(left, None, NOW) == (
        "the operator, which should have looked again 5m ago: is it running, and is HealingPolicy default there?"
    )


def test_a_policy_that_cannot_be_read_is_not_taken_for_none():
    made = world()
    made.notes.append("HealingPolicy/web cannot be read and is left out: spec.mode: not one of these")
    told = printed(made)
    assert "does nothing" not in told
    assert f"Note: {made.notes[0]}" in told
