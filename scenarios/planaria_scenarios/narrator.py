"""Telling one run as it happens: what was done to it, seen, understood, decided, applied, and what came of it."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from planaria_scenarios.progress import Ended, Event, Injecting, RecordChanged, Visible, Whole
from planaria_scenarios.records import Record
from planaria_scenarios.result import Result

Body = dict[str, Any]
EVIDENCE_LINES = 3


class Narrator:
    """Prints each thing once, with the seconds since injection."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[tuple[str, ...]] = set()
        self._began: float | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Injecting(at=at, what=what):
                self._began = self._began or at
                self._line(at, "injected", what, style="yellow")
            case Visible(at=at, sign=sign):
                self._line(at, "visible", sign, style="yellow")
            case RecordChanged(at=at, record=record):
                self._record(at, record)
            case Whole(at=at, since=since):
                self._line(
                    at,
                    "checked",
                    f"whole and answering for {at - since:.0f} s, says the judge (not the operator)",
                )
            case Ended(at=at, result=result):
                self._end(at, result)

    def _record(self, at: float, record: Record) -> None:
        spec, status = record.body["spec"], record.body.get("status") or {}
        if self._news("opened", record.name):
            self._line(at, "seen", _symptoms(spec))
        if (state := status.get("semanticState")) and self._news("state", record.name, state["summary"]):
            self._state(at, state)
        if (decision := status.get("decision")) and self._news("decision", record.name, str(decision)):
            self._line(at, "decided", _decision(decision), style="cyan")
            for mask in _telling(decision.get("masks") or []):
                self._line(
                    None, "not", f"{mask['action']}: {mask.get('message') or mask['reason']}", style="dim"
                )
        if (guards := status.get("guards")) and self._news("guards", record.name, str(guards)):
            self._line(at, "guards", _guards(guards))
        for attempt in status.get("attempts") or []:
            self._attempt(at, record.name, attempt)

    def _state(self, at: float, state: Body) -> None:
        sure = f"{state['confidencePercent']} % sure, by {state['source']}"
        self._line(at, "taken for", f"{state['fault']} of {state['component']} ({sure})", style="bold cyan")
        self._line(None, "because", state["summary"])
        for item in (state.get("evidence") or [])[:EVIDENCE_LINES]:
            self._line(None, "evidence", f"{item['kind']}: {item.get('excerpt', '')}", style="dim")

    def _attempt(self, at: float, record: str, attempt: Body) -> None:
        number = str(attempt["number"])
        if attempt.get("appliedAt") and self._news("applied", record, number):
            self._line(at, "applied", attempt["plan"]["summary"], style="bold green")
        if attempt.get("revertedAt") and self._news("reverted", record, number):
            self._line(at, "reverted", attempt.get("message") or "it did not help", style="red")
        if attempt["outcome"] != "Pending" and self._news("outcome", record, number):
            text = f"{attempt['outcome']}: {attempt.get('message') or 'as planned'}"
            self._line(at, "verified", text, style="green" if attempt["outcome"] == "Recovered" else "red")

    def _end(self, at: float, result: Result) -> None:
        if result.recovered_after is not None and result.ok:
            applied = (
                f", acted on after {result.applied_after:.1f} s" if result.applied_after is not None else ""
            )
            text = f"{result.recovered_after:.1f} s after it was visible{applied}, nothing else touched"
            self._line(at, "recovered", text, style="bold green")
            return
        for complaint in result.complaints:
            self._line(at, "FAILED", complaint, style="bold red")

    def _news(self, *what: str) -> bool:
        if what in self._told:
            return False
        self._told.add(what)
        return True

    def _line(self, at: float | None, label: str, text: str, style: str = "") -> None:
        row = Table.grid(padding=(0, 2))
        row.add_column(width=7, justify="right", style="dim")
        row.add_column(width=9, style=style)
        row.add_column(width=max(40, self._console.width - 24), overflow="fold")
        since = "" if at is None or self._began is None else f"{at - self._began:.1f} s"
        row.add_row(since, label, escape(" ".join(text.split())))
        self._console.print(row)


def _telling(masks: list[Body]) -> list[Body]:
    """Without what could not have been done to this kind of object anyway."""
    return [mask for mask in masks if mask["reason"] != "UnsupportedTarget"]


def _symptoms(spec: Body) -> str:
    symptoms = spec.get("symptoms") or []
    shown = [f"{item['kind']} on {item['subject']}" for item in symptoms[:3]]
    more = f" and {len(symptoms) - 3} more" if len(symptoms) > 3 else ""
    target = spec["target"]
    return f"one incident on {target['kind']}/{target['name']}: {'; '.join(shown)}{more}"


def _decision(decision: Body) -> str:
    target = decision["target"]
    numbers = {
        key: value
        for key, value in (decision.get("parameters") or {}).items()
        if value not in (None, [], "", 0)
    }
    details = ", ".join(f"{key} {_plain(value)}" for key, value in numbers.items())
    what = f"{decision['action']} {target['kind']}/{target['name']}" + (f" ({details})" if details else "")
    return f"{what}: {decision.get('explanation', '')} [rule {decision.get('rule') or '-'}]"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _guards(guards: list[Body]) -> str:
    refused = [
        f"{guard['guard']} refuses: {guard.get('message') or guard['reason']}"
        for guard in guards
        if not guard["allowed"]
    ]
    return "; ".join(refused) or "all agree: " + ", ".join(guard["guard"] for guard in guards)
