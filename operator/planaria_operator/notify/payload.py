"""What a message says. Pure: the same record gives the same message, so that a repeat is a repeat.

Whatever came out of a cluster is data here: it is blackened once more, cut to a length, and stands in JSON strings only.
"""

import json
import re
import shlex
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from planaria_operator.api.attempt import Attempt
from planaria_operator.api.base import ApiModel
from planaria_operator.api.notification import REMINDER, Notification, NotifyEvent
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import RESOLVING_NOTHING
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.notify.receivers import Format
from planaria_operator.text import shortened

SCHEMA: Final = "planaria.dev/notification/v1"
LONGEST: Final = 512
LONGEST_TEXT: Final = 3900
"""Of all that Slack is sent: it cuts off what is longer than 4,000 characters."""
Redact = Callable[[str], str]


class Place(ApiModel):
    kind: str
    namespace: str | None = None
    name: str
    uid: str | None = None


class Fault(ApiModel):
    fault: Annotated[str, Field(description="The class of the root cause.")]
    component: str
    severity: int
    confidence_percent: int
    summary: str


class Tried(ApiModel):
    number: int
    action: str
    target: str
    summary: str
    outcome: str
    undone: bool


class Message(ApiModel):
    """The generic format. Fields may be added under the same schema; none is removed or given another meaning."""

    schema_: Annotated[Literal["planaria.dev/notification/v1"], Field(alias="schema")] = SCHEMA
    event: str
    number: int
    time: datetime
    remediation: Place
    policy: str
    policy_kind: str
    target: Place
    visible_at: datetime
    stage: str
    reason: str
    message: str
    fault: Fault | None = None
    rung: str | None = None
    attempts: tuple[Tried, ...] = ()
    look: tuple[str, ...] = ()


def idempotency_key(remediation: Remediation, about: Notification) -> str:
    """The same for every try of one message, and for no other: `<uid>/Escalated/1`."""
    return f"{remediation.uid or f'{remediation.namespace}.{remediation.name}'}/{about.event}/{about.number}"


def message(remediation: Remediation, about: Notification, redact: Redact) -> Message:
    def clean(text: str) -> str:
        return redact(text)[:LONGEST]

    spec, status = remediation.spec, remediation.status
    state, why = status.semantic_state, _why(remediation, about)
    return Message(
        event=about.event,
        number=about.number,
        time=about.requested_at,
        remediation=Place(
            kind="Remediation",
            namespace=remediation.namespace,
            name=remediation.name,
            uid=remediation.uid or None,
        ),
        policy=spec.policy,
        policy_kind=spec.policy_kind,
        target=Place(**spec.target.model_dump()),
        visible_at=spec.visible_at,
        stage=status.stage.value,
        reason=why[0],
        message=clean(why[1]),
        fault=Fault(
            fault=state.fault.value,
            component=clean(state.component),
            severity=state.severity,
            confidence_percent=state.confidence_percent,
            summary=clean(state.summary),
        )
        if state
        else None,
        rung=status.rung.name if status.rung else None,
        attempts=tuple(_tried(each, clean) for each in status.attempts),
        look=commands(remediation),
    )


def body(remediation: Remediation, about: Notification, form: Format, redact: Redact) -> bytes:
    told = message(remediation, about, redact)
    content = told.to_body() if form is Format.GENERIC else slack(told)
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()


def slack(told: Message) -> dict[str, object]:
    """For an incoming webhook of Slack, and of what understands the same. No text in it is markup, a link or a mention."""
    lines = [headline(told), told.message]
    if told.fault:
        found = told.fault
        lines.append(
            f"{found.fault} in {found.component} ({found.confidence_percent}% sure): {found.summary}"
        )
    lines += [
        f"{each.number}. {each.action} {each.target}: {each.summary} - {each.outcome}{', undone' if each.undone else ''}"
        for each in told.attempts
    ]
    look = _escaped("\n".join(("", "Look:", *told.look)))
    return {
        "text": _bounded(_escaped("\n".join(lines)), LONGEST_TEXT - len(look)) + look,
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


HEADLINES: Final = {
    NotifyEvent.ESCALATED.value: "needs a person",
    NotifyEvent.RESOLVED.value: "is over",
    NotifyEvent.AWAITING_APPROVAL.value: "waits for an approval",
    REMINDER: "still needs a person",
}


OVER_BEFORE_TOLD: Final = "needed a person and is over"
"""The receiver was away, and the incident has ended meanwhile."""


def headline(told: Message) -> str:
    where = "/".join(part for part in (told.target.namespace, told.target.kind, told.target.name) if part)
    over = told.stage == Stage.FINISHED.value and told.reason not in RESOLVING_NOTHING
    late = told.event == NotifyEvent.ESCALATED.value and over
    return f"{where} {OVER_BEFORE_TOLD if late else HEADLINES.get(told.event, told.event)}"


def commands(remediation: Remediation) -> tuple[str, ...]:
    """What a person types first."""
    target, namespace = remediation.spec.target, shlex.quote(remediation.namespace)
    name, kind = shlex.quote(remediation.name), shlex.quote(target.kind.lower())
    return (
        f"kubectl planaria why {kind}/{shlex.quote(target.name)} -n {namespace}",
        f"kubectl describe remediation {name} -n {namespace}",
        f"kubectl describe {kind} {shlex.quote(target.name)}{_in(target)}",
    )


def _in(target: ObjectReference) -> str:
    return f" -n {shlex.quote(target.namespace)}" if target.namespace else ""


def _why(remediation: Remediation, about: Notification) -> tuple[str, str]:
    """Reason and sentence: what an approval is asked for, else how the incident stands."""
    awaiting = about.event == NotifyEvent.AWAITING_APPROVAL.value
    found = remediation.status.condition("Approved" if awaiting else "Succeeded")
    return (found.reason, found.message) if found else (about.event, "")


def _tried(attempt: Attempt, clean: Redact) -> Tried:
    return Tried(
        number=attempt.number,
        action=attempt.plan.action.value,
        target=str(attempt.plan.target),
        summary=clean(attempt.plan.summary),
        outcome=attempt.outcome.value,
        undone=attempt.reverted_at is not None,
    )


def _escaped(text: str) -> str:
    """Slack reads `<!channel>`, `<@U1>` and `<http://...|text>` as commands unless these three are written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bounded(escaped: str, length: int) -> str:
    """The story gives way to what a person types first, and ends in no half of an escape."""
    return re.sub(r"&[a-z]*…$", "…", shortened(escaped, length))
