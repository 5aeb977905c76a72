"""Lines alike but for their variables.

Known variables are masked first, by what they are. What is then still different in few words is put together by Drain.
Numbers that decide what a line means stay: a status 503 is no 200, "errors=0" no "errors=7", 98 % full no 40 %.
"""

import re
from collections.abc import Sequence
from typing import Final

from drain3.drain import Drain

from planaria_semantics.window import clean
from planaria_semantics.window.words import signals

LONGEST: Final = 1000
"""Characters of a record that its template is made from."""
MAX_TOKENS: Final = 40
MAX_SHAPES: Final = 1000
"""Different masked texts that are compared with each other; the rest stand for themselves."""
MAX_CLUSTERS: Final = 100
SIMILAR: Final = 0.75
"""Share of words in which two texts must agree."""
WILD: Final = "<*>"
FULL: Final = 85
"""Percent, from which on something is nearly used up."""

_MASKS: Final = re.compile(
    r"(?P<time>\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)"
    r"|(?P<pod>-(?:[bcdfghjklmnpqrstvwxz2456789]{6,10}-)?(?=[a-z]{0,4}\d)[bcdfghjklmnpqrstvwxz2456789]{5}\b(?![.:=]))"
    r"|(?P<kept>\b(?:status|code|xid|errno|signal|http/\d(?:\.\d)?\"|exited with|returned|response)\W{0,6}\d{1,4}\b"
    r"|\bXid[^,]{0,60}, ?\d{1,3}\b|\"? [1-5]\d\d (?=\d|-))"
    r"|(?P<ip>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\w)|\[?(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7}(?![\w:])\]?)"
    r"|(?P<hex>\b0x[0-9a-fA-F]+\b|\b(?=[a-fA-F]{0,15}\d)(?=\d{0,15}[a-fA-F])[0-9a-fA-F]{7,64}\b)"
    r"|(?P<percent>\b\d{1,3}(?:\.\d{1,6})? ?%)"
    r"|(?P<number>(?<![A-Za-z_\d])\d+(?:[.,]\d+)*)",
    re.IGNORECASE,
)
_BOUNDARY: Final = re.compile(r"\s+")


def shape(text: str) -> str:
    """The text with its known variables masked: a function of the text alone."""
    masked = _MASKS.sub(_mask, clean.canonical(text)[:LONGEST])
    return " ".join(masked.split()[:MAX_TOKENS])


def _mask(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind == "kept":
        return text
    if kind == "percent":
        share = float(text.rstrip(" %"))
        return "0%" if share == 0 else "<full>%" if share >= FULL else "<part>%"
    if kind == "number":
        return "0" if not text.strip("0.,") else "<n>"
    return "-<pod>" if kind == "pod" else f"<{kind}>"


class Templates:
    """Groups of one window. Same texts in the same order, same groups."""

    def __init__(self) -> None:
        self._drain = Drain(
            depth=6, sim_th=SIMILAR, max_children=50, max_clusters=MAX_CLUSTERS, param_str=WILD
        )
        self._of_shape: dict[tuple[str, str], str] = {}
        self._words: dict[str, Sequence[str]] = {}

    def group(self, kind: str, text: str) -> str:
        """A name for all texts of a kind that are alike."""
        masked = shape(text)
        known = self._of_shape.get((kind, masked))
        if known is None:
            known = self._of_shape[kind, masked] = self._place(kind, masked)
        return known

    def template(self, group: str) -> str:
        return " ".join(self._words[group])

    def _place(self, kind: str, masked: str) -> str:
        words = masked.split()
        mark = f"{kind}|{'|'.join(signals(masked))}"
        if len(self._of_shape) >= MAX_SHAPES:
            group = f"{mark}|{' '.join(words[:3])}"
        else:
            cluster, _ = self._drain.add_log_message(" ".join((mark.replace(" ", "_"), *words)))
            group = f"{cluster.cluster_id}|{mark}"
        known = self._words.get(group, words)
        self._words[group] = [one if one == other else WILD for one, other in zip(known, words, strict=False)]
        return group
