"""A catalogue of solved questions, in our own words. Each call is shown those that sound most like its window."""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict

from planaria_contract import CLASSES, Fault
from planaria_semantics.window import Window

_WORD: Final = re.compile(r"[a-z]{3,24}")
_READ: Final = 12_000
"""Characters of a window that are compared: similarity needs no more."""


class Example(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Fault
    secondary: Fault | None = None
    severity: int
    certainty: int
    evidence: tuple[int, ...]
    facts: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def answer(self) -> str:
        """As the model should have written it: the fields in the order of the schema, without spaces."""
        form = {
            "fault": self.fault.value,
            "secondary": self.secondary.value if self.secondary else "none",
            "severity": self.severity,
            "certainty": self.certainty,
            "evidence": list(self.evidence),
        }
        return json.dumps(form, separators=(",", ":"))


def _load() -> tuple[Example, ...]:
    text = files(__package__).joinpath("examples.jsonl").read_text()
    return tuple(Example.model_validate_json(line) for line in text.splitlines() if line.strip())


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


EXAMPLES: Final = _load()
_WORDS: Final = tuple(_words(" ".join((*example.facts, *example.lines))) for example in EXAMPLES)
_COUNTS: Final = Counter(word for words in _WORDS for word in words)
_RARITY: Final = {word: math.log((1 + len(EXAMPLES)) / count) for word, count in _COUNTS.items()}


def choose(window: Window, count: int) -> Sequence[Example]:
    """The most similar, each of another fault: two of one fault would only push the answer towards it."""
    if count <= 0:
        return ()
    texts = (*(fact.because for fact in window.facts), *(entry.template for entry in window.entries))
    own = _words(" ".join(texts)[:_READ])
    ranked = sorted(range(len(EXAMPLES)), key=lambda number: -_similarity(own, _WORDS[number]))
    chosen: dict[Fault, Example] = {}
    for number in ranked:
        chosen.setdefault(EXAMPLES[number].fault, EXAMPLES[number])
        if len(chosen) == min(count, len(CLASSES)):
            break
    # The most similar last, next to the question.
    return tuple(reversed(chosen.values()))


def _similarity(own: frozenset[str], other: frozenset[str]) -> float:
    shared = sum(_RARITY[word] for word in own & other)
    return shared / math.sqrt(sum(_RARITY[word] for word in other) or 1.0)
