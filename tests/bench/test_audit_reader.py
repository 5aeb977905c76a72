"""What is read from an audit log, over lines that an API server wrote."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from planaria_scenarios.audit import OPERATOR, Change, changes, on_targets, parse
from planaria_scenarios.errors import EnvironmentalError

RECORDED = Path(__file__).with_name("recorded") / "audit.jsonl"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.log"
    shutil.copy(RECORDED, path)
    return path


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORDED.read_text().splitlines()]


def told(found: list[Change]) -> list[tuple[str, str, int, bool]]:
    return [(each.verb, each.resource, each.code, each.dry_run) for each in found]


def test_only_the_changes_of_one_user_are_read_and_a_question_is_none(log: Path):
    assert told(changes(log)) == [
        ("patch", "healingpolicies/status", 200, False),
        ("create", "remediations", 201, False),
        ("create", "events", 201, False),
        ("patch", "deployments", 200, True),
        ("patch", "deployments", 200, False),
        ("patch", "remediations/status", 504, False),
        ("create", "pods/eviction", 201, True),
        ("create", "pods/eviction", 201, False),
        ("patch", "pods/resize", 200, False),
        ("create", "pods/eviction", 409, False),
    ]
    (edited, command) = changes(log, user="planaria-admin")
    assert (edited.resource, command.verb, command.resource) == ("deployments", "get", "pods/exec")


def test_records_and_events_are_its_own_and_all_else_is_a_target(log: Path):
    found = changes(log)
    assert {each.resource for each in on_targets(found)} == {"deployments", "pods/eviction", "pods/resize"}
    assert {each.resource for each in on_targets(found, ["crash-hanging-replica-daa470"])} == {
        "pods/eviction"
    }


def test_a_dry_run_and_a_refusal_have_no_effect(log: Path):
    evictions = [each for each in changes(log) if each.resource == "pods/eviction"]
    assert [(each.accepted, each.effective) for each in evictions] == [
        (True, False),
        (True, True),
        (False, False),
    ]


def test_it_says_who_called_with_which_program(log: Path):
    assert {each.user for each in changes(log)} == {OPERATOR}
    assert {each.agent.partition("/")[0] for each in changes(log)} == {"planaria-operator"}


def test_what_was_set_aside_is_read_too_and_what_came_before_is_not(log: Path):
    whole = changes(log)
    older = log.with_name("audit-2026-11-29T03-26-00.000.log")
    content = RECORDED.read_text().splitlines(keepends=True)
    older.write_text("".join(content[:7]))
    log.write_text("".join(content[7:]))
    assert changes(log) == whole
    assert changes(log, since=whole[6].time) == whole[6:]


def test_a_line_that_is_being_written_is_left_for_later(log: Path):
    known = changes(log)
    with log.open("a") as stream:
        stream.write(RECORDED.read_text().splitlines()[6][:-20])
    assert changes(log) == known


def test_a_damaged_line_is_named(log: Path):
    log.write_text(f'{{"user": "{OPERATOR}"}}\n')
    with pytest.raises(EnvironmentalError, match=r"audit\.log, line 1: not an event"):
        changes(log)


def test_a_log_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(EnvironmentalError, match="no such file"):
        changes(tmp_path / "audit.log")


def test_reading_is_no_change_and_neither_is_a_stage_before_the_answer():
    (event,) = (
        each for each in lines() if each["requestURI"].endswith("deployments/shop?fieldManager=planaria")
    )
    assert parse(event)
    assert parse({**event, "verb": "watch"}) is None
    assert parse({**event, "stage": "RequestReceived"}) is None
    assert parse({**event, "stage": "Panic", "responseStatus": {"code": 500}}).code == 500  # type: ignore[union-attr]


@pytest.mark.parametrize("query", ["dryRun=All", "fieldManager=a&dryRun=All&force=true"])
def test_a_dry_run_is_recognised_wherever_it_stands(query: str):
    event = lines()[6]
    path = event["requestURI"].partition("?")[0]
    found = parse({**event, "requestURI": f"{path}?{query}"})
    assert found
    assert found.dry_run
