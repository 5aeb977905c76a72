"""`diff` on a terminal: what goes in red, what comes in green, call by call."""

from collections.abc import Iterator
from difflib import unified_diff
from itertools import groupby, islice
from typing import Any, Final

import yaml
from rich.console import Group, RenderableType
from rich.text import Text

from planaria_kubectl.diff.changes import Change
from planaria_kubectl.diff.report import DiffReport, OperationView
from planaria_kubectl.diff.standing import Standing
from planaria_kubectl.screen import BAD, CAREFUL, GOOD, QUIET, STRONG, indented, line, state, text
from planaria_kubectl.times import clock, since

PHASES: Final = {"apply": "APPLY", "undo": "TO UNDO IT", "cleanup": "ONCE IT IS OVER"}
ORIGINS: Final = {
    "Recorded": "exactly this stands in the record",
    "PlannedNow": "not written down yet: what would be planned now",
    "Proposed": "exactly this waits for approval",
    "Nothing": "nothing would be applied",
}
NOW: Final = {
    Standing.FITS: text("the object is as planned on", GOOD),
    Standing.ARRIVED: text("the object is as this makes it", GOOD),
    Standing.OVERTAKEN: text("the object has changed since", CAREFUL),
    Standing.GONE: text("the object is gone", QUIET),
    Standing.UNKNOWN: text("", QUIET),
}


def render(report: DiffReport) -> RenderableType:
    return Group(*_parts(report))


def _parts(report: DiffReport) -> Iterator[RenderableType]:
    yield line(
        text(report.remediation, STRONG),
        f"  {report.target} in {report.namespace}, attempt {report.attempt}  ",
        text(ORIGINS[report.origin], CAREFUL),
    )
    if report.message:
        yield indented(text(report.message))
    if report.summary:
        yield indented(*_about(report))
    yield operations(report.operations)
    for note in report.notes:
        yield text(f"Note: {note}", CAREFUL)


def _about(report: DiffReport) -> Iterator[Text]:
    yield line(text(report.action, CAREFUL), f": {report.summary}")
    if report.harm:
        yield line(text("harm it can do: ", QUIET), report.harm)
    yield line(text("digest of the calls: ", QUIET), report.digest)
    times = (("applied", report.applied_at), ("undone", report.reverted_at))
    said = [f"{word} {clock(at)} ({since(at, report.at)} ago)" for word, at in times if at]
    if report.outcome:
        yield line(state(report.outcome), f"  {', '.join(said) or 'not applied'}")


def operations(found: tuple[OperationView, ...]) -> RenderableType:
    return Group(*_phases(found))


def _phases(found: tuple[OperationView, ...]) -> Iterator[RenderableType]:
    for phase, members in groupby(found, key=lambda each: each.phase):
        yield Text()
        yield text(PHASES[phase], STRONG)
        for each in members:
            yield indented(
                _head(each), indented(*(part for change in each.changes for part in _change(change)))
            )


def _head(each: OperationView) -> Text:
    effort = text("  (best effort)", QUIET) if each.best_effort else ""
    return line(text(f"{each.verb} {each.object}", STRONG), effort, "  ", NOW[each.standing])


def _change(change: Change) -> Iterator[Text]:
    if change.path:
        yield text(change.path.lstrip("/").replace("~1", "/"), QUIET)
    marked = unified_diff(_lines(change.before), _lines(change.after), lineterm="", n=2)
    for each in islice(
        marked, 3, None
    ):  # without the names of files that there are not, and the first position
        if each.startswith("@@"):
            yield text("    ...", QUIET)
        else:
            yield text(f"  {each[0]} {each[1:]}", {"+": GOOD, "-": BAD}.get(each[0], ""))


def _lines(value: Any) -> list[str]:
    """As YAML, which is what people have written; one line for a plain value, none for a missing one."""
    if value is None:
        return []
    if not isinstance(value, dict | list):
        return [str(value)]
    dumped: str = yaml.safe_dump(value, default_flow_style=False, width=200, allow_unicode=True)
    return dumped.splitlines()
