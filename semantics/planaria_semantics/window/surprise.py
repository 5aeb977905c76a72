"""How little a group of lines was to be expected, in bits.

A bit is what a halving of the odds is worth. Rarity is measured; what levels, wording and place add is a prior that
ranks a line that speaks of a fault before a line that is merely rare.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from planaria_semantics.window import words

MOST_RARE: Final = 6.0
"""Rarity alone is worth no more: every window has lines that come once."""
LEVELS: Final = (0.0, 3.0, 6.0, 8.0)
"""Information, warning, error, fatal."""
UNSAID: Final = 1.0
"""A line without a level may be an error as well: programs that die do not use their logger."""
ERRONEOUS: Final = 4.0
LAST: Final = 3.0
FIRST: Final = 1.0
SHARED: Final = 5.0
"""Taken off where healthy replicas say it too: there, too, it takes nobody down."""
SIBLING, DEPENDENT = 3.0, 1.0
"""Taken off what others than the affected say: a reader wants the cause before its echo."""


@dataclass
class Group:
    """What is known of lines alike once all are counted."""

    text: str
    count: int = 0
    total: int = 0
    """Of all lines of its origin."""
    share_of_siblings: float = 0.0
    kin: int = 0
    """Lines of its kind, where these are too many to be told apart: one of a thousand such is not rare."""
    first: bool = False
    """The first here that has the shape of an error."""
    last: bool = False
    origin: str = "affected"

    @cached_property
    def level(self) -> int | None:
        return words.level(self.text)

    @cached_property
    def erroneous(self) -> bool:
        """Worded like an error. Words of users count for nothing in lines that are no more than information."""
        if not words.erroneous(self.text):
            return False
        return self.level not in {0, None} or not words.quotes_users(self.text)


def worded(group: Group) -> float:
    """What level and wording add."""
    bits = UNSAID if group.level is None else LEVELS[group.level]
    if group.erroneous:
        bits += ERRONEOUS / 2 if group.level == 0 else ERRONEOUS
    return bits


def surprise(group: Group) -> float:
    own = max(group.count, group.kin) / max(group.total, 1)
    likely = max(own, group.share_of_siblings)
    bits = min(-math.log2(likely), MOST_RARE) if likely > 0 else MOST_RARE
    bits += worded(group)
    bits += LAST if group.last else 0.0
    bits += FIRST if group.first else 0.0
    bits -= SHARED if group.share_of_siblings > 0 else 0.0
    bits -= {"sibling": SIBLING, "dependent": DEPENDENT}.get(group.origin, 0.0)
    return round(max(bits, 0.0), 2)
