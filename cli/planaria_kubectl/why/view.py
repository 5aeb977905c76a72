"""`why` on a terminal: the answer first, then what it rests on, then each Remediation from its beginning to its end."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from planaria_kubectl.screen import (
    BAD,
    CAREFUL,
    GOOD,
    QUIET,
    STRONG,
    Cell,
    indented,
    label_of,
    line,
    section,
    state,
    table,
    text,
)
from planaria_kubectl.times import since, span, until
from planaria_kubectl.why.report import PolicyView, Story, WhyReport
from planaria_kubectl.why.story import told
from planaria_operator.api.decision import GuardRecord
from planaria_operator.api.remediation import SymptomRecord


def render(report: WhyReport) -> RenderableType:
    return Group(*_sections(report))


def _sections(report: WhyReport) -> Iterator[RenderableType]:
    yield _title(report)
    yield indented(text(report.conclusion.message), line(text("next: ", QUIET), report.conclusion.next))
    if report.symptoms:
        yield section("SYMPTOMS NOW", symptoms(report.symptoms, report), _ripening(report))
    if report.policies:
        yield section("POLICIES", _policies(report))
    if report.guards and not any(not each.outcome for each in report.remediations):
        yield section("IF SOMETHING WERE TO BE DONE NOW", guards(report.guards))
    for story in report.remediations:
        # The conclusion quotes what the open one waits for: it is not said twice.
        waiting = "" if story.waits_for in report.conclusion.message else story.waits_for
        yield Group(Text(), _headline(story, report), told(story, waiting, report.at))
    yield Text()
    yield _rest(report)
    for note in report.notes:
        yield text(f"Note: {note}", CAREFUL)


def _title(report: WhyReport) -> Text:
    where = f" in {report.namespace}" if report.namespace else ""
    asked = f" (for {report.asked_for})" if report.asked_for != report.target else ""
    return line(text(f"{report.target}{where}", STRONG), asked, "  ", text(report.conclusion.code, CAREFUL))


def symptoms(found: tuple[SymptomRecord, ...], report: WhyReport) -> RenderableType:
    rows = ((each.kind, each.subject, since(each.since, report.at), each.message) for each in found)
    return table(("SYMPTOM", "ON", "SINCE", "MESSAGE"), rows)


def _ripening(report: WhyReport) -> Text:
    if report.ripe_at is None:
        return text("none of these opens an incident by itself", QUIET)
    if report.ripe_at <= report.at:
        return text(f"long enough for an incident since {since(report.ripe_at, report.at)}", QUIET)
    return text(f"long enough for an incident in {until(report.ripe_at, report.at)}", QUIET)


def _policies(report: WhyReport) -> RenderableType:
    return table(
        ("POLICY", "MODE", "HEALS IT", "BECAUSE"), ([*_policy(each, report)] for each in report.policies)
    )


def _policy(policy: PolicyView, report: WhyReport) -> Iterator[Cell]:
    name = policy.name if report.namespace and policy.namespace else label_of(policy.namespace, policy.name)
    paused = [f"paused by {each.requester}: {each.reason}" for each in policy.pauses]
    yield from (name, state(policy.mode), text("yes", GOOD) if policy.heals else text("no", QUIET))
    yield "; ".join([policy.because, *paused])


def guards(found: tuple[GuardRecord, ...]) -> RenderableType:
    """Every verdict, in the order in which they are asked."""
    rows = (
        (
            each.guard,
            text("allows", GOOD) if each.allowed else text("refuses", BAD),
            each.reason,
            each.message,
        )
        for each in found
    )
    return table(("GUARD", "VERDICT", "REASON", "MESSAGE"), rows)


def _headline(story: Story, report: WhyReport) -> Text:
    ended = story.outcome or story.status.stage.value
    visible = since(story.spec.visible_at, report.at)
    seconds = story.status.recovery_seconds
    took = f", recovered in {span(seconds)}" if seconds is not None else ""
    return line(text(story.name, STRONG), "  ", state(ended), text(f"  visible {visible} ago{took}", QUIET))


def _rest(report: WhyReport) -> Text:
    back = since(report.since, report.at)
    words = [] if report.remediations else [f"no Remediation in the last {back}"]
    if report.earlier:
        words.append(f"{report.earlier} earlier ones are not shown: --since goes further back")
    return text("; ".join(words) or f"that is all of the last {back}", QUIET)
