"""Text without a cluster -> Observation: what `planaria semantics classify` reads.

Nothing in the text may raise. It becomes the log of one pod about which nothing else is known, and its events.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal, get_args

from planaria_contract import EventFact, LogLine, ObjectRef, Observation, PodFact
from planaria_semantics.eventlines import bare_event, events_of_json, is_heading, read_event
from planaria_semantics.window import clean

Kind = Literal["container_log", "k8s_event", "kernel", "mixed"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
LONGEST: Final = 256 * 1024
"""Characters that are read: of a longer text its beginning and its end."""
MAX_LINES: Final = 2000
POD: Final = "snippet"
TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""No time is known, and the same text is to give the same observation."""
_CONTAINERS: Final = {"kernel": "kernel"}


def observe(identity: str, kind: str, text: str) -> Observation:
    """`kind` says what the lines are; in `mixed`, and for a kind that is not known, their shape does."""
    bounded = text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
    events: list[EventFact] = []
    logs: list[str] = []
    if kind in {"container_log", "kernel"}:
        logs = list(_lines(bounded))
    else:
        _divide(bounded, kind, events, logs)
    container = _CONTAINERS.get(kind, "app")
    return Observation(
        incident=clean.line(identity)[:253],
        time=TIME,
        target=_target(events),
        symptoms=(),
        logs=tuple(
            LogLine(index=index, pod=POD, container=container, text=line)
            for index, line in enumerate(logs[:MAX_LINES])
        ),
        events=tuple(events[:MAX_LINES]),
        pods=(PodFact(name=POD, uid="", ready=False, affected=True),),
    )


def _target(events: list[EventFact]) -> ObjectRef:
    """The node, where the events are of a node; else a pod of which nothing is known."""
    node = next((event.subject for event in events if event.subject.kind == "Node"), None)
    return node or ObjectRef(kind="Pod", name=POD)


def _divide(text: str, kind: str, events: list[EventFact], logs: list[str]) -> None:
    """Lines in the shape of events become events; so do all others where the kind says so."""
    whole = events_of_json(text)
    if whole:
        events.extend(whole)
        return
    for line in _lines(text):
        found = events_of_json(line) or read_event(line)
        if found:
            events.extend(found)
        elif kind != "k8s_event":
            logs.append(line)
        elif events and line[:1].isspace():
            events[-1] = _continued(events[-1], line)
        elif not is_heading(line):
            events.append(bare_event(line))


def _continued(event: EventFact, line: str) -> EventFact:
    return event.model_copy(update={"message": clean.bound(f"{event.message} {line.strip()}")})


def _lines(text: str) -> Iterator[str]:
    """Those that say something, printable. Split at what ends a line in a log, and at nothing rarer."""
    for line in text.replace("\r\n", "\n").split("\n"):
        printable = clean.line(line)
        if printable.strip():
            yield printable
