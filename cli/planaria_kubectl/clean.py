"""Text from logs and objects is hostile: what reaches a terminal must not be able to steer it."""

from typing import Final

BLANKS: Final = frozenset("\t\n\r\v\f")
INSTEAD: Final = "\N{REPLACEMENT CHARACTER}"


def clean(text: object) -> str:
    """One printable line. Escapes, other controls, and what reorders or hides text (bidi, zero width) become U+FFFD."""
    return "".join(_safe(character) for character in str(text))


def _safe(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character in BLANKS else INSTEAD
