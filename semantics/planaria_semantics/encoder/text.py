"""Brings log text into the form that the encoder was trained on. Training and serving call the same function."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 1200
"""Characters of one entry that are looked at: the beginning and the end of a longer one."""

_MONTHS: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_CLOCK: Final = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\x1b\[[0-9;?]{0,16}[a-zA-Z]"), ""),
    (re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"), " "),
    # moments say nothing about a cause
    (re.compile(rf"\d{{4}}[-/]\d\d[-/]\d\d(?:[t _]{_CLOCK})?(?:z|[ ]?[+-]\d\d:?\d\d)?", re.IGNORECASE), " "),
    (
        re.compile(
            rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{{0,6}},? )?{_MONTHS} +\d{{1,2}},?(?: \d{{4}})? {_CLOCK}(?: (?:am|pm|utc|\d{{4}}))?",
            re.IGNORECASE,
        ),
        " ",
    ),
    (re.compile(rf"\d{{1,2}}[/-]{_MONTHS}[/-]\d{{4}}[: ]{_CLOCK}(?: [+-]\d{{4}})?", re.IGNORECASE), " "),
    (re.compile(rf"(?<=[\[( ]){_CLOCK}|^{_CLOCK}"), " "),
    (re.compile(r"\[ *\d{1,9}\.\d{3,9}\]"), " "),
    (re.compile(r"\b([iwef])\d{4}  ?(?=\S)", re.IGNORECASE), r"\1 "),
    # names of single things
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "uuid"),
    (re.compile(r"\bsha256:[0-9a-f]{6,64}\b", re.IGNORECASE), "digest"),
    (re.compile(r"\b0x[0-9a-f]{3,16}\b", re.IGNORECASE), "hex"),
    (re.compile(r"\b(?=[0-9a-f]{0,63}\d)(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{8,64}\b", re.IGNORECASE), "hex"),
    (re.compile(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b"), "ip"),
    (re.compile(r"\d{6,}"), "000000"),
    # words that were glued together
    (re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"), " "),
    (re.compile(r"(?<=\w)[_](?=\w)"), " "),
    (re.compile(r"([=*#~\-_.])\1{3,}"), r"\1\1\1"),
    (re.compile(r"[ \t]+"), " "),
)


def normalise(text: str) -> str:
    """Lower-case, bounded, one line: moments and single names gone, glued words apart, line breaks as ' | '."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 3 :]}"
    text = unicodedata.normalize("NFKC", text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    lines = (line.strip() for line in text.split("\n"))
    return " | ".join(line for line in lines if line).lower()
