"""One Remediation, told from its symptoms to its outcome."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from planaria_kubectl.screen import BAD, CAREFUL, GOOD, QUIET, indented, line, state, text
from planaria_kubectl.times import clock, since
from planaria_kubectl.why.report import Story
from planaria_operator.api.attempt import AnswerRecord, Attempt, ProposalRecord
from planaria_operator.api.conditions import Condition
from planaria_operator.api.decision import DecisionRecord, GuardRecord, SemanticRecord
from planaria_operator.api.notification import Notification, NotificationState
from planaria_operator.api.remediation import RemediationStatus, SymptomRecord, TimelineEntry
from planaria_operator.text import listed

NAME_WIDTH: Final = 10


def told(story: Story, waits_for: str, now: datetime) -> RenderableType:
    return Group(*_parts(story, waits_for, now))


def _parts(story: Story, waits_for: str, now: datetime) -> Iterator[RenderableType]:
    status = story.status
    if not story.is_target and not story.evicted:
        yield _named("for", text(f"{story.spec.target}, which needed it to be acted on"))
    if story.evicted:
        yield _named("moved", text(f"{listed(story.evicted)}: evicted by a drain, for {story.spec.target}"))
    if waits_for:
        yield _named("waits for", text(waits_for, CAREFUL))
    yield _named("seen", *(_symptom(each, now) for each in story.spec.symptoms))
    if status.semantic_state:
        yield _named("meaning", *_meaning(status.semantic_state))
    if status.rung:
        yield _named("rung", text(f"{status.rung}, since {clock(status.rung.entered_at, now)}"))
    if status.decision:
        yield _named("decision", *_decision(status.decision))
    if status.decision and status.decision.masks:
        yield _named(
            "ruled out",
            *(_mask(each.action.value, each.reason, each.message) for each in status.decision.masks),
        )
    if status.guards:
        yield _named("guards", *(_guard(each) for each in status.guards))
    yield from _done(status, now)


def _done(status: RemediationStatus, now: datetime) -> Iterator[RenderableType]:
    yield from _approval(status, now)
    for attempt in status.attempts:
        yield _named(f"attempt {attempt.number}", *_attempt(attempt, now))
    if status.notifications:
        yield _named("told", *(_notification(each, now) for each in status.notifications))
    if status.timeline:
        yield _named("timeline", *(_moment(each, now) for each in status.timeline))
    if succeeded := status.condition("Succeeded"):
        yield _named("outcome", line(state(succeeded.reason), f"  {succeeded.message}"))


def _approval(status: RemediationStatus, now: datetime) -> Iterator[RenderableType]:
    if status.proposal:
        yield _named("proposal", *_proposal(status.proposal, status.condition("Approved"), now))
    if status.answers:
        yield _named("answers", *(_answer(each, now) for each in status.answers))


def _named(name: str, *parts: RenderableType) -> RenderableType:
    """The name stands beside its parts, which wrap within their own column."""
    beside = Table.grid(padding=(0, 1, 0, 0))
    beside.add_column(width=NAME_WIDTH, style=QUIET)
    beside.add_column(overflow="fold")
    beside.add_row(text(name), Group(*parts))
    return indented(beside)


def _symptom(each: SymptomRecord, now: datetime) -> Text:
    return text(
        f"{each.kind} on {each.subject} since {clock(each.since)} ({since(each.since, now)} ago): {each.message}"
    )


def _meaning(found: SemanticRecord) -> Iterator[RenderableType]:
    also = f", else {found.secondary.value}" if found.secondary else ""
    sure = f"{found.confidence_percent}% sure, by {found.source}, novelty {found.novelty_percent}%{also}"
    yield line(text(found.fault.value, CAREFUL), f" in {found.component} ({sure})")
    yield text(found.summary)
    for item in found.evidence:
        yield line(text(f"{item.kind} {item.index}: ", QUIET), item.excerpt)


def _decision(found: DecisionRecord) -> Iterator[RenderableType]:
    by = f"{found.decided_by}, {found.rule or found.model}"
    yield line(text(found.action.value, CAREFUL), f" {found.target} ({by}): {found.explanation}")
    weighed = [f"{each.action.value} {each.percent}%" for each in found.probabilities if each.percent]
    if weighed:
        yield text(f"probabilities: {', '.join(weighed)}")
    if found.shadow:
        other = found.shadow
        yield text(f"the learned policy would {other.action.value} ({other.percent}%): {other.explanation}")
    for each in found.precedents:
        ended = "recovered" if each.recovered else "did not recover"
        harm = ", with harm" if each.harmed else ""
        alike = f"{each.similarity_percent}% alike"
        yield text(
            f"remembers {each.incident} ({alike}): {each.did}; {ended}{harm}, {each.lost_seconds} s lost"
        )


def _mask(action: str, reason: str, message: str) -> Text:
    return line(text(f"{action:<9}", CAREFUL), f" {reason}: {message}")


def _guard(each: GuardRecord) -> Text:
    verdict = text("allows ", GOOD) if each.allowed else text("refuses", BAD)
    return line(verdict, f" {each.guard}: {each.message}", text(f" ({each.reason})", QUIET))


def _proposal(asked: ProposalRecord, approved: Condition | None, now: datetime) -> Iterator[Text]:
    plan = asked.plan
    yield line(f"{plan.action.value} {plan.target}: {plan.summary}")
    begun, end = clock(asked.proposed_at, now), clock(asked.expires_at, now)
    yield text(f"plan {asked.digest}, proposed {begun}, until {end}", QUIET)
    if approved:
        yield line(text(approved.reason, CAREFUL), f": {approved.message}")


def _answer(each: AnswerRecord, now: datetime) -> Text:
    why = f": {each.reason}" if each.reason else ""
    return line(
        text(f"{clock(each.time, now)} ", QUIET),
        f"{each.verdict.value} by {each.approver}{why}  ",
        state(each.outcome.value),
        text(f"  (plan {each.digest}, {each.name})", QUIET),
    )


def _attempt(attempt: Attempt, now: datetime) -> Iterator[RenderableType]:
    plan = attempt.plan
    yield line(f"{plan.action.value} {plan.target}: {plan.summary}  ", state(attempt.outcome.value))
    times = (
        ("reserved", attempt.reserved_at),
        ("applied", attempt.applied_at),
        ("undone", attempt.reverted_at),
        ("over", attempt.finished_at),
    )
    yield text(", ".join(f"{word} {clock(at, now)}" for word, at in times if at), QUIET)
    if attempt.message:
        yield text(attempt.message)


def _notification(each: Notification, now: datetime) -> Text:
    at = f" {clock(each.sent_at, now)}" if each.sent_at else ""
    style = {NotificationState.SENT: GOOD, NotificationState.FAILED: BAD}.get(each.state, CAREFUL)
    wrong = f"  {each.last_error}" if each.last_error else ""
    return line(f"{each.receiver} of {each.event}  ", text(f"{each.state.value}{at}", style), wrong)


def _moment(entry: TimelineEntry, now: datetime) -> Text:
    return line(
        text(f"{clock(entry.time, now)} {entry.station:<9} ", QUIET), f"{entry.reason}: {entry.message}"
    )
