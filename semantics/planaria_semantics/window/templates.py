"""Lines alike but for their variables.

Known variables are masked first; what then still differs in few words is put together. Drain would do the same, at a
cost that a writer of logs could drive up: it compares each line with every other that begins alike. Here two lines meet
if one of `BANDS` stretches of words is the same in both, so each line is compared with at most that many others, and
none that differ in at most `BANDS - 1` words are missed.
"""

from collections.abc import Sequence
from typing import Final

from planaria_semantics.window.masks import shape
from planaria_semantics.window.words import decisive, spelled

BANDS: Final = 4
UNLIKE: Final = 0.25
"""Share of words in which two lines of one template may differ."""
WILD: Final = "<*>"

Kin = tuple[str, int]
_Band = tuple[str, int, int, tuple[str, ...]]


class Templates:
    """Groups of one window. Same texts in the same order, same groups."""

    def __init__(self) -> None:
        self._of_text: dict[tuple[str, str], int] = {}
        self._of_shape: dict[tuple[str, tuple[str, ...]], int] = {}
        self._of_band: dict[_Band, int] = {}
        self._members: list[list[str]] = []
        self._kin: list[Kin] = []

    def group(self, kind: str, text: str) -> int:
        """A number for all texts of a kind that are alike."""
        found = self._of_text.get((kind, text))
        if found is None:
            words, kept = shape(text)
            found = self._of_shape.get((kind, words))
            if found is None:
                about = decisive(text)
                kin = "|".join((kind, *kept, *spelled(about, text))), len(words)
                found = self._of_shape[kind, words] = self._place("|".join((kind, *kept, *about)), words, kin)
            self._of_text[kind, text] = found
        return found

    def template(self, group: int) -> str:
        return " ".join(self._members[group])

    def kin(self, group: int) -> Kin:
        """Equal for groups of as many words that are about the same: lines of noise have no more in common."""
        return self._kin[group]

    def _place(self, mark: str, words: tuple[str, ...], kin: Kin) -> int:
        """`mark` holds what decides the meaning of a line: with another one it is never alike."""
        bands = list(_bands(mark, words))
        for band in bands:
            known = self._of_band.get(band)
            if known is not None and _alike(self._members[known], words):
                self._members[known] = [
                    one if one == other else WILD
                    for one, other in zip(self._members[known], words, strict=True)
                ]
                break
        else:
            known = len(self._members)
            self._members.append(list(words))
            self._kin.append(kin)
        for band in bands:
            self._of_band.setdefault(band, known)
        return known


def _bands(mark: str, words: tuple[str, ...]) -> Sequence[_Band]:
    size = -(-len(words) // BANDS) or 1
    return [(mark, len(words), at, words[at : at + size]) for at in range(0, len(words), size)]


def _alike(template: Sequence[str], words: Sequence[str]) -> bool:
    """A word that already varies is a difference too, or a template would drift until it fits everything."""
    differ = sum(one != other for one, other in zip(template, words, strict=True))
    return differ <= UNLIKE * len(words)
