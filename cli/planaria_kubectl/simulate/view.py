"""`simulate` on a terminal: what would be done, why, what it would send, and who would hold it back."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from planaria_kubectl.diff.view import operations
from planaria_kubectl.screen import (
    BAD,
    CAREFUL,
    GOOD,
    QUIET,
    STRONG,
    indented,
    line,
    section,
    state,
    table,
    text,
)
from planaria_kubectl.simulate.report import DryRun, SimulateReport
from planaria_kubectl.why.view import guards
from planaria_operator.api.decision import DecisionRecord
from planaria_operator.text import listed

OUTCOMES = {"WouldAct": GOOD, "HeldBack": CAREFUL, "WouldBeRejected": BAD}
MOST_PODS = 6


def render(report: SimulateReport) -> RenderableType:
    return Group(*_parts(report))


def _parts(report: SimulateReport) -> Iterator[RenderableType]:
    yield _title(report)
    yield indented(text(report.message, OUTCOMES.get(report.code, "")), *_about(report))
    if report.decision:
        yield section("DECISION", *_decision(report.decision))
        if report.decision.masks:
            rows = ((each.action.value, each.reason, each.message) for each in report.decision.masks)
            yield section("RULED OUT", table(("ACTION", "REASON", "MESSAGE"), rows))
    yield operations(report.operations)
    if report.dry_run:
        yield Text()
        yield _dry_run(report.dry_run)
    if report.guards:
        yield section("GUARDS", guards(report.guards))
    if report.ladder:
        rows = ((each.action, each.target, each.explanation) for each in report.ladder)
        yield section("IF THAT DID NOT HELP", table(("ACTION", "TARGET", "BECAUSE"), rows))
    yield Text()
    for missing in report.missing:
        yield text(f"Not read: {missing}", QUIET)
    for note in report.notes:
        yield text(f"Note: {note}", CAREFUL)
    yield text("Nothing was changed.", QUIET)


def _title(report: SimulateReport) -> Text:
    where = f" in {report.namespace}" if report.namespace else ""
    supposed = f" with {report.fault}, {report.confidence_percent}% sure"
    return line(text(f"{report.target}{where}", STRONG), f"{supposed}  ", text(report.code, CAREFUL))


def _about(report: SimulateReport) -> Iterator[Text]:
    if report.policy:
        yield line(text("policy  ", QUIET), f"{report.policy}  ", state(report.mode))
    if report.affected:
        named = listed(report.affected, limit=MOST_PODS)
        kind = "supposed" if report.supposed else "as it shows now"
        yield line(text("affected  ", QUIET), f"{named} ", text(f"({kind})", QUIET))
    if report.summary:
        yield line(text("harm it can do  ", QUIET), report.harm or "none is known")
        yield line(text("digest of the calls  ", QUIET), report.digest)


def _decision(found: DecisionRecord) -> Iterator[Text]:
    yield line(text(found.action.value, CAREFUL), f" {found.target}, by the runbook's rule {found.rule}")
    yield text(found.explanation)


def _dry_run(found: DryRun) -> Text:
    style = CAREFUL if found.accepted is None else GOOD if found.accepted else BAD
    return line(text("DRY RUN  ", STRONG), text(found.message, style))
