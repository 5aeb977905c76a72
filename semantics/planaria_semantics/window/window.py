"""The window that every reader sees: entries, facts, and what was left out."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from planaria_contract import Evidence, Observation
from planaria_semantics.signs.signs import Sign

_NUMBER: Final = re.compile(r"\d+")
EXCERPT: Final = 200
"""Characters of an entry that a record shows."""

Origin = Literal["affected", "sibling", "dependent", "node"]
"""Whose line it is: an affected pod's, a healthy replica's, that of a workload that calls the target, or the node's."""

Place = tuple[str, str, str]
"""Kind, origin and template of an entry: what stays the same from pod to pod."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of the evidence a reader gets to see."""

    entries: int = 40
    tokens: int = 2000
    """As estimated at four characters a token; a reader with a tokenizer of its own may cut further."""
    characters: int = 400
    """Of one entry; longer ones keep their beginning and their end."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A group of lines alike but for their variables."""

    kind: Literal["log", "event"]
    index: int
    """Of the first of them in `observation.logs` or `observation.events`; the record refers to it."""
    text: str
    """The first of them, cleaned and cut. Hostile data: never anything but data."""
    template: str
    """`text` with its variable parts masked: equal for lines alike."""
    count: int = 1
    surprise: float = 0.0
    """Bits: how little it was to be expected, from its rarity here and from what healthy replicas say too."""
    origin: Origin = "affected"

    @property
    def place(self) -> Place:
        return self.kind, self.origin, self.template

    @property
    def evidence(self) -> Evidence:
        """The reference to it that a reader gives."""
        return Evidence(kind=self.kind, index=self.index, excerpt=self.text[:EXCERPT])


@dataclass(frozen=True)
class Window:
    observation: Observation
    entries: tuple[Entry, ...]
    """In the order of the observation, logs before events; already cut to the budget by surprise."""
    facts: tuple[Sign, ...] = ()
    """What the structure says, in our own words, heaviest first: no log text has a part in them."""
    omitted: int = 0
    """Groups of lines that the budget left out."""

    @cached_property
    def key(self) -> str:
        """Equal for windows of one cause: 500 pods that say the same need one answer. What the target says and what those
        who depend on it say are two causes.
        """
        parts = sorted({":".join(entry.place) for entry in self.entries})
        parts += sorted({f"fact:{fact.fault.value}:{_NUMBER.sub('0', fact.because)}" for fact in self.facts})
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
