"""Known variables of a line, masked by what they are.

Numbers that decide what a line means stay: a status 503 is no 200, "errors=0" no "errors=7", 98 % full no 40 %.
"""

import re
from functools import lru_cache
from typing import Final

from planaria_semantics.window import clean

LONGEST: Final = 1000
"""Characters of a text that are looked at."""
MAX_WORDS: Final = 64
LAST_WORDS: Final = 16
"""Of those the last ones of a longer text: a cause stands at its end, behind whatever the program says before."""
LAST: Final = 300
"""Characters of a longer text's end."""
WORD: Final = 120
"""Characters of one word."""
FULL: Final = 85
"""Percent, from which on something is nearly used up."""

_SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes makes the ends of names of these."""
_NAMED: Final = r"\b(?:[Ss]tatus|[Ss]tatusCode|[Cc]ode|[Xx]id|[Ee]rrno|signal|SQLSTATE)\\?[\"']?[=:\[(#]\\?[\"']?\d{1,5}\b"
_KEPT: Final = re.compile(_NAMED)
_MASKS: Final = re.compile(
    r"(?P<day>^[IWEF])\d{4}$|(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}(?::\d\d:\d\d:\d\d)?|[+-]\d{4}(?=\]$)|\d{4}[-/]\d\d[-/]\d\d(?:T\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?|\d\d:\d\d:\d\d(?!:)(?:[.,]\d{1,9})?Z?)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)"
    rf"|-(?P<pod>[{_SAFE}]{{6,10}}-[{_SAFE}]{{5}}|(?=[a-z]{{0,4}}\d)[{_SAFE}]{{5}})(?![A-Za-z\d.-])"
    rf"|(?P<kept>{_NAMED})"
    r"|(?P<hex>\b[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\.\d)?\b|\b0[xX][0-9a-fA-F]+|\b(?=[a-fA-F]{0,15}\d)(?=\d{0,15}[a-fA-F])[0-9a-fA-F]{7,64}\b)"
    r"|(?P<ip>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?(?![\w.]\d)"
    r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:{1,2}){2,7}[0-9a-fA-F]{0,4}(?![\w:])|(?<![\w:])::[0-9a-fA-F]{1,4}(?![\w:]))"
    r"|(?P<percent>(?<![\w.])\d{1,3}(?:\.\d{1,6})?%)"
    r"|(?P<number>(?<![A-Za-z\d])\d+(?:[.,]\d+)*)"
)
_ZERO: Final = re.compile(r"0(?:[.,]0{1,9})?$")
_EXTREME: Final = re.compile(r"(?:^|[=:\[\"'(])0%?(?:$|[,;\])}\"'])|<full>")
"""Nothing at all, or nearly everything."""
_DIGIT: Final = re.compile(r"\d")
_SHORT: Final = re.compile(r"[\"'(\[]?\d{1,4}[\"')\],.:;]{0,2}$")
_DECIDES: Final = re.compile(
    r"(?:status|code|errno|signal|exited|with|returned|response|responded|error|http|sqlstate|http/[\d.]{1,3}|\(pci:[\w:.]{1,20}\)"
    r"|xid)[\"':=,]{0,3}$",
    re.IGNORECASE,
)
"""What stands before a number that is no mere amount."""


def shape(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a text with its variables masked, a function of the text alone; and the numbers kept among them."""
    found: list[str] = []
    kept: list[str] = []
    before = ""
    for word in _words(text):
        masked, keeps = _word(word)
        if masked != word and _SHORT.match(word) and (word[0] == "(" or _decides(before)):
            masked, keeps = word, True
        if masked[0] == "%" and found:
            found[-1] = share = _percent(before) + masked[1:]
            if _EXTREME.search(share):
                kept.append(share)
            continue
        if keeps:
            kept.append(masked)
        found.append(masked)
        before = word
    return tuple(found), tuple(kept)


def _words(text: str) -> list[str]:
    """All of them, or of a long text the first and the last."""
    bounded = text if len(text) <= LONGEST else f"{text[: LONGEST - LAST]} {text[-LAST:]}"
    words = clean.canonical(bounded).split()
    if len(words) <= MAX_WORDS:
        return words
    return [*words[: MAX_WORDS - LAST_WORDS], *words[-LAST_WORDS:]]


@lru_cache(maxsize=4096)
def _decides(before: str) -> bool:
    return bool(_DECIDES.search(before[-WORD:]))


@lru_cache(maxsize=8192)
def _word(word: str) -> tuple[str, bool]:
    """A word masked, and whether a number was kept in it."""
    word = word[:WORD]
    if not _DIGIT.search(word):
        return word, False
    masked = _MASKS.sub(_mask, word)
    return masked, bool(_KEPT.search(word) or _EXTREME.search(masked))


def _mask(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind == "kept":
        return text
    if kind == "percent":
        return _percent(text)
    if kind == "number":
        return "0" if _ZERO.match(text) else "<n>"
    if kind == "day":
        return f"{text[0]}<time>"
    return "-<pod>" if kind == "pod" else f"<{kind}>"


def _percent(text: str) -> str:
    number = _DIGIT.search(text) and re.search(r"\d{1,9}(?:\.\d{1,6})?", text)
    if not number:
        return "%"
    share = float(number[0])
    return "0%" if share == 0 else "<full>%" if share >= FULL else "<part>%"
