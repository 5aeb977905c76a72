"""Log text made harmless for a prompt: it stays readable, and cannot end its own line, its quote, or its role."""

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"\s+")
_LOOKALIKES: Final = str.maketrans(
    {
        # Chat templates mark roles with <|...|>, <...> and [...]; our own entry numbers stand in square brackets.
        "<": "\u2039",
        ">": "\u203a",
        "[": "(",
        "]": ")",
    }
)
_CUT: Final = " ... "


def clean(text: str, longest: int, nonce: str = "") -> str:
    """One line of at most `longest` characters without control characters, role marks, or the nonce."""
    # Cut first: normalising a megabyte takes a while, and some characters unfold into eighteen.
    plain = unicodedata.normalize("NFKC", shorten(text, 4 * longest)).translate(_LOOKALIKES)
    plain = "".join(" " if char.isspace() else char for char in plain if _shown(char))
    plain = _SPACES.sub(" ", plain).strip()
    if nonce:
        # Replaced and not removed, or the halves around it could make a new one.
        plain = re.sub(re.escape(nonce), "~", plain, flags=re.IGNORECASE)
    return shorten(plain, longest)


def _shown(char: str) -> bool:
    """False for control, format, private and unassigned characters: invisible, or able to turn the text around."""
    return char.isspace() or unicodedata.category(char)[0] != "C"


def shorten(text: str, longest: int) -> str:
    """The beginning and the end: that is where programs say what happened and why."""
    if len(text) <= longest:
        return text
    head = (longest - len(_CUT)) * 2 // 3
    return text[:head] + _CUT + text[len(text) - (longest - len(_CUT) - head) :]
