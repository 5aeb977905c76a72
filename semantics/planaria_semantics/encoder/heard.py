"""Facts together with what lines were found to speak of: as the rules weigh them, with the encoder for ears.

A fact is established without any word of a log. What some facts are worth depends on what is said, though: that a pod is
not ready counts little once a cause is known, and a Service without endpoints is the cause where its caller complains.
"""

import re
from collections.abc import Sequence
from typing import Final

from planaria_contract import CLASSES, Fault
from planaria_semantics.encoder.ngrams import Floats
from planaria_semantics.encoder.pool import HEALTHY
from planaria_semantics.rules import EXPLAINED, weigh
from planaria_semantics.signs.signs import COMPLAINED, Sign
from planaria_semantics.window import Entry, Window

CLEAR: Final = 0.5
"""From this probability on a line speaks of a fault."""
RESTATED: Final = frozenset({"Unhealthy", "BackOff", "Killing"})
"""Events that say again what a symptom says: that a pod does not answer, that it ends."""
_ADDRESSED: Final = re.compile("|".join(fault.value for fault in CLASSES if "_" in fault.value))
_CALLS: Final = frozenset({Fault.DEPENDENCY_UNAVAILABLE, Fault.NETWORK_FAULT})


def added(window: Window) -> tuple[Entry, ...]:
    """The entries that are evidence of their own.

    Where there are symptoms, facts count what some events only restate. And whoever uses the names of our classes talks to
    us, not about a fault, unless nobody says anything else.
    """
    others = tuple(entry for entry in window.entries if not _ADDRESSED.search(entry.text.lower()))
    entries = others or window.entries
    observation = window.observation
    if not observation.symptoms:
        return entries
    return tuple(
        entry
        for entry in entries
        if entry.kind == "log" or observation.events[entry.index].reason not in RESTATED
    )


def spoken(entries: Sequence[Entry], probabilities: Floats) -> frozenset[Fault]:
    """The faults that log lines of the affected clearly speak of; `probabilities` is (entries, 16)."""
    clear = (
        CLASSES[int(row.argmax())]
        for entry, row in zip(entries, probabilities, strict=True)
        if entry.kind == "log" and entry.origin == "affected" and row.max() >= CLEAR
    )
    return frozenset(clear) - {CLASSES[HEALTHY]}


def weights(facts: Sequence[Sign], said: frozenset[Fault]) -> dict[Fault, float]:
    """Of the facts alone; what is said decides how they count and adds nothing of its own."""
    heard = [_heard(fact, said) for fact in facts]
    told = [Sign(fault, EXPLAINED, "", facts[0].evidence) for fault in said] if facts else []
    scores = weigh([*heard, *told])
    return {fault: score - (EXPLAINED if fault in said else 0.0) for fault, score in scores.items()}


def founded(facts: Sequence[Sign]) -> float:
    """The weight behind the best founded fault, by what was reported: measurements and what any cause looks like aside."""
    scores: dict[Fault, float] = {}
    for fact in facts:
        if not fact.fallback and fact.evidence.kind != "metric":
            scores[fact.fault] = scores.get(fact.fault, 0.0) + fact.weight
    return max(scores.values(), default=0.0)


def _heard(fact: Sign, said: frozenset[Fault]) -> Sign:
    ends = fact.fault is Fault.APPLICATION_CRASH and fact.evidence.kind == "fact"
    if ends and Fault.BAD_CONFIGURATION in said:  # what came with a revision: in what, the log knows
        return fact._replace(fault=Fault.BAD_CONFIGURATION)
    if fact.fault is Fault.DEPENDENCY_UNAVAILABLE and said & _CALLS:
        return fact._replace(weight=max(fact.weight, COMPLAINED))
    return fact
