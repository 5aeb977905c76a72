"""A long line of fields, JSON or `key=value`, brought down to the fields that speak.

Loggers write fields in an order of their own: what happened may stand behind the pod's labels, or between a dozen names and
a stack trace. There a reader that takes a line's beginning and end would not see it. Kept are the fields whose names say
that a program speaks in them and, under whatever name, those worded like an error: a field that somebody else could name
hides none of these.
"""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from planaria_semantics.window import words

LONG: Final = 200
"""Characters of a line; a shorter one is read whole, as in training."""
PREFIX: Final = 160
"""Characters within which the object begins: a moment, a stream, a program's name may stand before it."""
STEPS: Final = 120
"""Names, values and brackets that are read of one line; what follows them stays as it is."""
LOOKED_AT: Final = 400
"""Characters of one value."""

_LEVELS: Final = frozenset({"level", "levelname", "lvl", "severity", "log.level", "@l"})
_SPOKEN: Final = frozenset(
    {
        *("message", "msg", "@m", "log", "event", "textpayload", "short_message", "full_message", "reason"),
        *("error", "err", "error.message", "errmsg", "errormessage", "exception", "cause", "detail"),
    }
)
_CODES: Final = frozenset({"status", "statuscode", "status_code", "code", "errno", "exit_code", "exitcode"})
_HOLDERS: Final = frozenset(
    {"jsonpayload", "log", "message", "fields", "attr", "error", "err", "errors", "exception"}
)
"""Objects within which a program speaks. In others, such as a request, the names may be anybody's."""
_WRITTEN: Final = '"{\\"'
"""An object as a string: whoever collects logs wraps a JSON line so."""
_OBJECT: Final = re.compile(r'\{\s{0,8}"')
_TOKEN: Final = re.compile(
    r'"(?P<name>[^"\\]*(?:\\.[^"\\]*)*)"?(?P<colon>\s{0,8}:)?|[{}\[\]]|[^\s"{}\[\],:]+'
)
_FIRST: Final = re.compile(r"(?<!\S)(?=[\w.@-]{1,40}=)")
_PAIR: Final = re.compile(r'([\w.@-]{1,40})=("[^"\\]*(?:\\.[^"\\]*)*"?|\S*)\s{0,8}')
_STACK: Final = re.compile("stack|trace")
_THROWN: Final = re.compile(r"\w(?:Error|Exception)\b")
_FRAME: Final = re.compile(r"(?:\\r)?\\n(?:\\t| ){1,16}(?:at |\.\.\. )[^\\\"]{0,400}")


class _Field(NamedTuple):
    key: str
    value: str
    """As it stands in the line."""
    own: bool = True
    """Of the line itself, or of an object within which its program speaks."""


def told(text: str) -> str:
    """The text with the fields of its first line cut down to those that speak, levels first; any other as it is."""
    line, newline, rest = text.partition("\n")
    if len(line) <= LONG:
        return text
    return f"{_object(line) or _pairs(line) or line}{newline}{rest}"


def _object(line: str) -> str:
    """A line with a JSON object in it; empty where there is none that speaks."""
    begin = _OBJECT.search(line[:PREFIX])
    if begin is None:
        return ""
    fields, end = _read(line, begin.start())
    said = ",".join(f'"{key}":{value}' for key, value in _speaking(fields))
    return f"{line[: begin.start()]}{{{said}}}{line[end:]}" if said else ""


def _pairs(line: str) -> str:
    """A line of `key=value key="value"`; empty where there are none that speak."""
    begin = _FIRST.search(line[:PREFIX])
    if begin is None:
        return ""
    end = begin.start()
    fields: list[_Field] = []
    while len(fields) < STEPS and (pair := _PAIR.match(line, end)):
        fields.append(_Field(pair[1].lower(), pair[2]))
        end = pair.end()
    said = " ".join(f"{key}={value}" for key, value in _speaking(fields))
    return f"{line[: begin.start()]}{said} {line[end:]}".rstrip() if said else ""


def _read(line: str, begin: int) -> tuple[list[_Field], int]:
    """The fields of the object that begins there, and where it was left: at its end, or after so many steps."""
    found: list[_Field] = []
    within: list[bool] = []
    key, end = "", len(line)
    for token in islice(_TOKEN.finditer(line, begin), STEPS):
        mark, end = token[0], token.end()
        if mark in {"{", "["}:
            within.append(not within or (within[-1] and (mark == "[" or key in _HOLDERS)))
        elif mark in {"}", "]"}:
            within.pop()
            key = ""
            if not within:
                break
        elif token["colon"]:
            key = token["name"].lower()
        elif mark.startswith(_WRITTEN) and within[-1] and key in _HOLDERS:
            found += _read(mark[1:].replace('\\"', '"').replace("\\\\", "\\"), 0)[0]
        elif key:
            found.append(_Field(key, mark, within[-1]))
    return found, end


def _speaking(fields: Sequence[_Field]) -> list[tuple[str, str]]:
    """Keys and values, without the frames of stacks; nothing where there would be levels alone."""
    kept = [field for field in fields if _speaks(field)]
    if all(field.key in _LEVELS for field in kept):
        return []
    kept.sort(key=lambda field: field.key not in _LEVELS)
    return [(field.key, _FRAME.sub("", field.value)) for field in kept]


def _speaks(field: _Field) -> bool:
    if _STACK.search(field.key):
        return bool(_THROWN.search(field.value))
    named = field.key in _LEVELS or field.key in _SPOKEN or field.key in _CODES
    return (named and field.own) or (" " in field.value and words.erroneous(field.value[:LOOKED_AT]))
