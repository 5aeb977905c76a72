"""`status` on a terminal: one screen, what is wrong first, and what to do next."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from shlex import quote

from rich.console import Group, RenderableType
from rich.text import Text

from planaria_kubectl.screen import (
    BAD,
    CAREFUL,
    CLUSTER,
    QUIET,
    Cell,
    heading,
    indented,
    label_of,
    line,
    section,
    state,
    table,
    text,
)
from planaria_kubectl.standing import OPERATOR
from planaria_kubectl.status.report import ActiveLine, FinishedLine, PolicyLine, StatusReport
from planaria_kubectl.times import since, span, until


def render(report: StatusReport) -> RenderableType:
    where = f"namespace {report.namespace}" if report.namespace else "any namespace"
    if not report.policies and not report.active:
        return Group(*_no_policy(report, where))
    return Group(*_sections(report))


def _no_policy(report: StatusReport, where: str) -> Iterator[Text]:
    if report.notes:  # one that cannot be read may be at work all the same
        yield text(f"No policy was found in {where}, and not everything could be read.")
        yield from _notes(report)
        return
    yield text(f"No policy in {where}: Planaria does nothing here.")
    yield text("Next: see docs/samples for one to begin with (mode Observe changes nothing)", QUIET)


def _sections(report: StatusReport) -> Iterator[RenderableType]:
    yield heading("POLICIES")
    yield indented(_policies(report))
    if remarks := [*_remarks(report)]:
        yield section("TAKE NOTE", *remarks)
    yield section("GOING ON", _active(report) if report.active else text("nothing", QUIET))
    yield section("LATEST RESULTS", _finished(report) if report.finished else text("none yet", QUIET))
    if steps := [*_next(report)]:
        yield section("NEXT", *(text(step) for step in steps))
    yield from _notes(report)


def _notes(report: StatusReport) -> Iterator[Text]:
    return (text(f"Note: {note}", CAREFUL) for note in report.notes)


def _policies(report: StatusReport) -> RenderableType:
    columns = ("NAMESPACE", "NAME", "MODE", "READY", "TARGETS", "UNHEALTHY", "ACTIVE", "BUDGET")
    return table(columns, ([*_policy_cells(each)] for each in report.policies))


def _policy_cells(policy: PolicyLine) -> Iterator[Cell]:
    yield from (
        policy.namespace or CLUSTER,
        policy.name,
        state(policy.mode),
        state(policy.ready),
        policy.targets,
    )
    yield text(policy.unhealthy, BAD if policy.unhealthy else "")
    yield text(policy.active, CAREFUL if policy.active else "")
    budget = policy.budget
    spent = budget.used >= budget.limit
    yield text(f"{budget.used} of {budget.limit} in {span(budget.window_seconds)}", BAD if spent else "")


def _remarks(report: StatusReport) -> Iterator[Text]:
    for policy in report.policies:
        name = label_of(policy.namespace, policy.name)
        for pause in policy.pauses:
            end = f"for {until(pause.until, report.at)} more" if pause.until else "until it is resumed"
            yield line(text("Paused  ", CAREFUL), f"{name} by {pause.requester} {end}: {pause.reason}")
        if not policy.seen:
            yield line(text("Unseen  ", BAD), f"{name}: no operator has looked at it as it is now")
        if policy.budget.next_free_at:
            left = until(policy.budget.next_free_at, report.at)
            yield line(text("Budget  ", BAD), f"{name}: used up, the next action is free in {left}")
    yield from _conditions(report)


def _conditions(report: StatusReport) -> Iterator[Text]:
    """Once for all policies that say the same: what is away is mostly away for all of them."""
    said = [
        (
            (each.type, each.status.value, each.reason, each.message),
            label_of(policy.namespace, policy.name),
        )
        for policy in report.policies
        for each in policy.conditions
    ]
    for (type_, status, reason, message), names in groupby(sorted(said), key=lambda pair: pair[0]):
        whose = ", ".join(name for _, name in names)
        style = QUIET if reason.endswith("NotConfigured") else CAREFUL
        about = "" if type_.endswith("Available") else f" ({whose})"
        yield line(text(f"{type_}={status}  {reason}", style), f"  {message}{about}")


def _active(report: StatusReport) -> RenderableType:
    columns = ("REMEDIATION", "TARGET", "FAULT", "ACTION", "STAGE", "SINCE")
    rows = ([*_active_cells(each, report.at)] for each in report.active)
    below = [_waits(each) for each in report.active]
    return table(*_placed(report, columns, rows, report.active), below=below)


def _active_cells(each: ActiveLine, now: datetime) -> Iterator[Cell]:
    yield from (each.name, each.target, each.fault, each.action, state(each.stage), since(each.since, now))


def _waits(each: ActiveLine) -> Text:
    return line(text("waits for ", QUIET), text(each.waits_for, BAD if each.overdue else ""))


def _finished(report: StatusReport) -> RenderableType:
    columns = ("REMEDIATION", "TARGET", "FAULT", "ACTION", "RESULT", "RECOVERY", "AGE")
    rows = ([*_finished_cells(each, report.at)] for each in report.finished)
    return table(*_placed(report, columns, rows, report.finished))


def _placed(
    report: StatusReport,
    columns: Sequence[str],
    rows: Iterable[list[Cell]],
    lines: Sequence[ActiveLine | FinishedLine],
) -> tuple[Sequence[str], Iterable[list[Cell]]]:
    """With the namespace before each row, where there may be several."""
    if report.namespace:
        return columns, rows
    return ("NAMESPACE", *columns), ([each.namespace, *row] for each, row in zip(lines, rows, strict=True))


def _finished_cells(each: FinishedLine, now: datetime) -> Iterator[Cell]:
    yield from (each.name, each.target, each.fault, each.action or "nothing", state(each.result))
    yield "" if each.recovery_seconds is None else span(each.recovery_seconds)
    yield since(each.finished_at, now)


def _next(report: StatusReport) -> Iterator[str]:
    if any(each.overdue for each in report.active) or any(not each.seen for each in report.policies):
        yield OPERATOR
    for each in report.active:
        if each.awaits_approval:
            yield f"kubectl planaria approve {each.name} -n {each.namespace}    (shows it and asks; or reject)"
    if report.active:
        first = report.active[0]
        yield f"kubectl planaria why {first.target.lower()} -n {first.namespace}"
        if first.action not in {"", "none", "escalate"}:
            yield f"kubectl planaria diff {first.name} -n {first.namespace}"
    for policy in report.policies:
        for pause in policy.pauses:
            who = quote(
                pause.requester
            )  # anybody may have written it, and somebody will paste this into a shell
            where = f"-n {policy.namespace}" if policy.namespace else "--cluster"
            yield f"kubectl planaria resume {policy.name} {where} --requester {who}"
