"""Known variables of a line, masked by what they are.

Numbers that decide what a line means stay: a status 503 is no 200, "errors=0" no "errors=7", 98 % full no 40 %.
"""

import re
from typing import Final

from planaria_semantics.window import clean

LONGEST: Final = 1000
"""Characters of a text that are looked at."""
MAX_WORDS: Final = 48
WORD: Final = 120
"""Characters of one word."""
FULL: Final = 85
"""Percent, from which on something is nearly used up."""

_SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes makes the ends of names of these."""
_MASKS: Final = re.compile(
    r"(?P<time>\d{4}[-/]\d\d[-/]\d\d(?:T\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?Z?)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)"
    rf"|-(?P<pod>(?:[{_SAFE}]{{6,10}}-)?(?=[a-z]{{0,4}}\d)[{_SAFE}]{{5}})(?![\w.-])"
    r"|(?P<kept>\b(?:[Ss]tatus|[Ss]tatusCode|[Cc]ode|xid|Xid|errno|Errno|signal|SQLSTATE)\\?[\"']?[=:\[(#]\\?[\"']?\d{1,5}\b)"
    r"|(?P<ip>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?(?![\w.]\d)"
    r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:{1,2}){2,7}[0-9a-fA-F]{0,4}(?![\w:])|(?<![\w:])::[0-9a-fA-F]{1,4}(?![\w:]))"
    r"|(?P<hex>\b0[xX][0-9a-fA-F]+|\b(?=[a-fA-F]{0,15}\d)(?=\d{0,15}[a-fA-F])[0-9a-fA-F]{7,64}\b)"
    r"|(?P<percent>(?<![\w.])\d{1,3}(?:\.\d{1,6})?%)"
    r"|(?P<number>(?<![A-Za-z\d])\d+(?:[.,]\d+)*)"
)
_DIGIT: Final = re.compile(r"\d")
_SHORT: Final = re.compile(r"[\"'(\[]?\d{1,4}[\"')\],.:;]{0,2}$")
_DECIDES: Final = re.compile(
    r"(?:status|code|errno|signal|exited|with|returned|response|responded|error|http|sqlstate|http/[\d.]{1,3}|\(pci:[\w:.]{1,20}\)"
    r"|xid)[\"':=,]{0,3}$",
    re.IGNORECASE,
)
"""What stands before a number that is no mere amount."""


def shape(text: str) -> tuple[str, ...]:
    """The words of a text with its variables masked: a function of the text alone."""
    words = clean.canonical(text)[:LONGEST].split()[:MAX_WORDS]
    found: list[str] = []
    before = ""
    for word in words:
        if word == "%" and before:
            found[-1] = _percent(before)
        elif word.isalpha() or not _DIGIT.search(word):
            found.append(word[:WORD])
        elif _SHORT.match(word) and _DECIDES.search(found[-1] if found else ""):
            found.append(word)
        else:
            found.append(_MASKS.sub(_mask, word[:WORD]))
        before = word
    return tuple(found)


def _mask(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind == "kept":
        return text
    if kind == "percent":
        return _percent(text)
    if kind == "number":
        return "<n>" if text.strip("0.,") else "0"
    return "-<pod>" if kind == "pod" else f"<{kind}>"


def _percent(text: str) -> str:
    number = _DIGIT.search(text) and re.search(r"\d{1,9}(?:\.\d{1,6})?", text)
    if not number:
        return "%"
    share = float(number[0])
    return "0%" if share == 0 else "<full>%" if share >= FULL else "<part>%"
