"""Log text is hostile data: every reader relies on what is done to it here.

`line` is for the record and for people: nothing in it that is invisible, that turns the direction of reading, or that
ends the line. `canonical` is for templates and models: letters that only look alike become the same letter.
"""

import re
import unicodedata
from typing import Final

from planaria_semantics.window.look_alikes import LETTERS, SIGNS

HEAD: Final = 1500
TAIL: Final = 500
"""Characters looked at of a line that is longer than both together."""
GAP: Final = " … "

_ESCAPES: Final = re.compile(
    r"\x1b(?:\[[0-9;:?]{0,16}[ -/]{0,2}[@-~]|\][^\x07\x1b]{0,64}(?:\x07|\x1b\\)|[@-Z\\-_])"
)
_BREAKS: Final = re.compile("\r\n|[\n\v\f\r\x85\u2028\u2029]")
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")
_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3,}"
)
_WORD: Final = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")


def bound(text: str) -> str:
    """A line of any length, as one of at most HEAD + TAIL characters and the gap between."""
    return text if len(text) <= HEAD + TAIL + len(GAP) else f"{text[:HEAD]}{GAP}{text[-TAIL:]}"


def line(text: str) -> str:
    """One printable line. Its letters, and its indentation, stay what they are."""
    text = bound(text)
    if text.isascii() and text.isprintable():
        return text.rstrip()
    bare = _BREAKS.sub(r"\\n", _ESCAPES.sub("", text).rstrip())
    bare = _CONTROLS.sub(" ", _INVISIBLE.sub("", bare))
    return (bare if bare.isascii() else _MARKS.sub("", bare)).rstrip()


def canonical(text: str) -> str:
    """Compatibility forms, accents, look-alike letters and signs folded: what a model reads. Any `line` will do."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text[: 2 * HEAD])))
    return _WORD.sub(_latin, _INVISIBLE.sub("", folded).translate(SIGNS))[: 4 * HEAD]


def _latin(match: re.Match[str]) -> str:
    """A word all of whose letters pass for Latin ones. A word of a script of its own has others, and stays."""
    word = match[0].translate(LETTERS)
    return word if word.isascii() else match[0]
