"""The lines that `planaria semantics classify` reads and writes."""

import json
from dataclasses import dataclass
from typing import Any, Final

from planaria_contract import Fault, Observation, SemanticState
from planaria_semantics.snippet import KINDS

SHOWN: Final = 60
"""Characters of a wrong value that a message repeats."""
Identity = str | int | None


class BadLineError(ValueError):
    """A line of input that cannot be used. `str()` names line, field, value and remedy."""

    def __init__(self, message: str, identity: Identity = None) -> None:
        super().__init__(message)
        self.identity = identity


@dataclass(frozen=True, slots=True)
class Question:
    id: Identity
    kind: str
    text: str


def question(line: str, number: int) -> Question:
    """Raises `BadLineError`. `kind` may be left out: then the shape of the lines tells."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _bad(
            number, None, "line", line, f'write one JSON object: {{"id", "kind", "text"}} ({error})'
        ) from None
    if not isinstance(body, dict):
        raise _bad(number, None, "line", body, 'write one JSON object: {"id", "kind", "text"}')
    identity = body.get("id")
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        raise _bad(number, None, "id", identity, "give it a string or an integer")
    kind = body.get("kind", "mixed")
    if kind not in KINDS:
        raise _bad(number, identity, "kind", kind, f"use one of {', '.join(KINDS)}")
    text = body.get("text")
    if not isinstance(text, str):
        raise _bad(number, identity, "text", text, "give it the lines as one string")
    return Question(identity, kind, text)  # fmt: skip


def _bad(number: int, identity: Identity, field: str, value: Any, remedy: str) -> BadLineError:
    shown = repr(value)
    shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
    return BadLineError(f"line {number}: {field} is {shown}; {remedy}", identity)


def answer(identity: Identity, state: SemanticState, observation: Observation) -> dict[str, Any]:
    """One line of output."""
    bare = not observation.symptoms and observation.workload is None
    return {
        "id": identity,
        "fault": state.fault.value,
        "secondary": state.secondary.value if state.secondary else None,
        "confidence": state.confidence,
        "novelty": state.novelty,
        # The rules count pods, and here are none to count: a fault is a degradation at least.
        "severity": max(state.severity, 1) if bare and state.fault is not Fault.HEALTHY else state.severity,
        "evidence": [
            {"kind": item.kind, "index": item.index, "text": item.excerpt} for item in state.evidence
        ],
        "source": state.source.value,
    }


def written(body: dict[str, Any]) -> str:
    """Plain ASCII, so that nothing in an id can break the file that it is written to."""
    return json.dumps(body) + "\n"
