"""Observations of one ailing pod, in few words."""

from collections.abc import Iterable
from typing import Any

from planaria_contract import EventFact, LogLine, ObjectRef, Observation
from tests.builders import observation, pod_fact


def lines(
    texts: Iterable[str], *, pod: str = "front-0", start: int = 0, **fields: Any
) -> tuple[LogLine, ...]:
    return tuple(
        LogLine(index=index, pod=pod, container="app", text=text, **fields)
        for index, text in enumerate(texts, start)
    )


def saying(texts: Iterable[str], **fields: Any) -> Observation:
    """`front-0` is affected and says this."""
    fields.setdefault("pods", (pod_fact("front-0", affected=True), pod_fact("front-1")))
    return observation(logs=lines(texts), **fields)


def event(
    reason: str, message: str, *, kind: str = "Pod", name: str = "front-0", count: int = 1
) -> EventFact:
    return EventFact(reason=reason, message=message, subject=ObjectRef(kind=kind, name=name), count=count)
