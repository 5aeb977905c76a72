"""The demo tells each thing once, in words that fit a hundred columns, and never as markup."""

from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from planaria_scenarios.catalogue import Entry
from planaria_scenarios.narrator import Narrator
from planaria_scenarios.progress import Ended, Injecting, RecordChanged, Visible
from planaria_scenarios.records import read
from planaria_scenarios.result import Result
from tests.scenarios.worlds import remediation, scenario

ENTRY = Entry(scenario(), Path(), (), ())


def body() -> dict[str, Any]:
    found = remediation()
    found["spec"]["symptoms"] = [{"kind": "NotReady", "subject": "Pod/shop-0"}]
    found["status"]["semanticState"] = {
        "fault": "hang_or_probe_failure",
        "component": "Deployment/shop",
        "confidencePercent": 83,
        "source": "rules",
        "summary": "one of three does not answer",
        "evidence": [{"kind": "log", "index": 0, "excerpt": "[bold]not markup[/nonsense]"}],
    }
    found["status"]["decision"] = {
        "action": "restart",
        "target": {"kind": "Deployment", "name": "shop"},
        "parameters": {"pods": ["shop-0"], "scope": "pod"},
        "rule": "restart-affected-pods",
        "explanation": "only the one",
        "masks": [{"action": "rollback", "reason": "NoPreviousRevision"}],
    }
    found["status"]["guards"] = [
        {"guard": "mode", "allowed": True, "reason": "Allowed"},
        {"guard": "cooldown", "allowed": False, "reason": "Cooldown", "message": "acted on 3 s ago"},
    ]
    return found


def told(*events) -> str:
    console = Console(width=100, record=True, file=StringIO())
    narrator = Narrator(console)
    for event in events:
        narrator(event)
    return console.export_text()


def test_a_record_is_told_from_sight_to_verdict():
    text = told(Injecting(ENTRY, 100.0, "POST /debug/hang"), RecordChanged(ENTRY, 112.0, read(body())))
    for words in (
        "12.0 s",
        "one incident on Deployment/shop: NotReady on Pod/shop-0",
        "hang_or_probe_failure of Deployment/shop (83 % sure, by rules)",
        "log: [bold]not markup[/nonsense]",
        "restart Deployment/shop (pods shop-0, scope pod): only the one [rule restart-affected-pods]",
        "rollback: NoPreviousRevision",
        "cooldown refuses: acted on 3 s ago",
        "said so",
        "Recovered",
    ):
        assert words in " ".join(text.split()), words


def test_nothing_is_told_twice():
    once = told(RecordChanged(ENTRY, 1.0, read(body())))
    assert told(*[RecordChanged(ENTRY, 1.0, read(body()))] * 3) == once


def test_every_line_fits():
    event = Visible(ENTRY, 1.0, "Pod/shop-0 " + "was ready and is not " * 20)
    assert max(len(line) for line in told(event).splitlines()) <= 100


def test_end_says_how_long_it_took_or_what_went_wrong():
    known = Result("n", "t", "fault", operator=True, namespace="x", limit_seconds=60)
    known.applied_after, known.recovered_after = 10.0, 18.0
    assert "18.0 s after it was visible, acted on after 10.0 s" in told(Ended(ENTRY, 1.0, known))
    known.harm = ["shop-1 was removed"]
    assert "FAILED" in told(Ended(ENTRY, 1.0, known))
