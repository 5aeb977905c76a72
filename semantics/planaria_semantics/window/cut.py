"""Texts to their length, and a window to its budget."""

from collections.abc import Sequence
from typing import Final

from planaria_semantics.window.window import Budget, Entry

GAP: Final = " … "
RESERVED: Final = 4
"""One entry in so many is kept for events: no amount of log text can push out what Kubernetes itself reports."""
CHARACTERS_PER_TOKEN: Final = 4


def shorten(text: str, limit: int, cause: str = "") -> str:
    """Beginning and end of a text, and between them the line that names the cause, where it would be lost."""
    if len(text) <= limit:
        return text
    if limit <= 4 * len(GAP):
        return text[:limit]
    middle = ""
    tail = text[-(limit // 4) :]
    if cause and cause not in tail:
        middle = f"{cause[: limit // 3]}{GAP}"
    head = limit - len(GAP) - len(middle) - len(tail)
    return f"{text[:head]}{GAP}{middle}{tail}"


def tokens(entry: Entry) -> int:
    return -(-len(entry.text) // CHARACTERS_PER_TOKEN)


def fit(entries: Sequence[Entry], budget: Budget) -> tuple[Entry, ...]:
    """The most surprising that fit, in the order in which they were given."""
    ranked = sorted(range(len(entries)), key=lambda at: -entries[at].surprise)
    events = [at for at in ranked if entries[at].kind == "event"][: max(budget.entries // RESERVED, 1)]
    chosen: set[int] = set()
    left = budget.tokens
    for at in (*events, *ranked):
        if at not in chosen and len(chosen) < budget.entries and tokens(entries[at]) <= left:
            chosen.add(at)
            left -= tokens(entries[at])
    return tuple(entries[at] for at in sorted(chosen))
