"""Lines of a log -> records: a stack trace belongs to the line that it follows."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from planaria_contract import LogLine
from planaria_semantics.window import clean, words

MAX_LINES: Final = 4000
"""Of one window. With more, each container gives its newest."""
REPEATS: Final = 50
"""Of lines alike but for their digits, where there are too many lines."""
BEGINNING: Final = 160
"""Characters of a line that are compared to find its repeats."""
MAX_JOINED: Final = 64
"""Lines of one record: whoever indents everything hides no more than this behind one line."""
TOGETHER: Final = timedelta(seconds=2)
"""Lines of one record are written at once."""

_OWN_BEGINNING: Final = re.compile(
    r"\s{0,40}(?:\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d|[IWEF]\d{4} \d\d:|[\[{<]?(?:level[=\"]|TRACE|DEBUG|INFO|NOTICE|WARN|ERROR|CRIT"
    r"|FATAL|SEVERE|PANIC)\b|[{\[]\")",
    re.IGNORECASE,
)
_CONTINUES: Final = re.compile(
    r"\s|at [\w$.<>/\[\] ]{1,300}[ (]|\.\.\. \d{1,6} (?:more|common)|Caused by: |Suppressed: |Wrapped by: "
    r"|File \"[^\"]{1,400}\", line \d|During handling of the above|The above exception was the direct"
    r"|goroutine \d{1,9} \[|\[signal |created by |/[^\s:]{1,400}\.\w{1,4}:\d{1,7}(?: \+0x|$)|exit status \d"
    r"|note: run with |stack backtrace:|---> |--- End of |\^{1,100}$|\}$|\)$"
)
_GO_FRAME: Final = re.compile(r"[\w./*()\[\]{}·-]{1,300}\(.{0,300}\)$")
_TRACEBACK: Final = ("Traceback (most recent call last)", "Stack (most recent call last)")
_DIGITS: Final = re.compile(r"\d+")
_CAUSE: Final = re.compile(
    r"^\s{0,40}(?:Caused by: |Suppressed: |---> |[\w.$]{0,200}(?:Error|Exception|Warning|Interrupt|Exit|Fault)\b(?::|$))"
)
_PANIC: Final = (
    "panic: ",
    "fatal error: ",
    "unexpected fault address ",
    "SIGSEGV: ",
    "SIGABRT: ",
    "SIGQUIT: ",
)


@dataclass(slots=True)
class Record:
    """One line with the lines that continue it."""

    index: int
    line: LogLine
    lines: list[str] = field(default_factory=list)
    cause: str = ""
    """The last line of it that names an exception."""
    mode: str = ""
    """What may follow: the end of a Python traceback, or the frames of a Go or Rust panic."""
    last: bool = False
    """Among the last that its container said before it ended."""

    def takes(self, text: str, time: datetime | None) -> bool:
        """True where a line continues this record."""
        if len(self.lines) >= MAX_JOINED or _OWN_BEGINNING.match(text):
            return False
        if time and self.line.time and abs(time - self.line.time) > TOGETHER:
            return False
        if self.mode == "traceback" or _CONTINUES.match(text):
            return True
        if text.startswith(_TRACEBACK):  # the logger of Python writes it under the line that tells of it
            return bool(words.level(self.lines[0]) or words.erroneous(self.lines[0]))
        return self.mode == "panic" and (len(self.lines) == 1 or bool(_GO_FRAME.match(text)))

    def add(self, text: str) -> None:
        self.lines.append(text)
        if _CAUSE.match(text) and len(self.lines) > 1:
            self.cause = text.strip()
        if _TRACEBACK[0] in text or _TRACEBACK[1] in text:
            self.mode = "traceback"
        elif self.mode == "traceback" and not text[:1].isspace() and not text.startswith("File "):
            self.mode = "" if self.cause == text.strip() else self.mode
        elif text.startswith(_PANIC) or "panicked at " in text:
            self.mode = "panic"


def records(lines: Iterable[LogLine]) -> list[Record]:
    """In the order of the observation."""
    found: list[Record] = []
    streams: dict[tuple[str, str, bool], Record] = {}
    for each in newest(tuple(lines)):
        stream = (each.pod, each.container, each.previous)
        text = clean.line(each.text)
        current = streams.get(stream)
        if current is None or not current.takes(text, each.time):
            if not text.strip():
                continue
            current = streams[stream] = Record(each.index, each)
            found.append(current)
        current.add(text)
    return found


def newest(lines: tuple[LogLine, ...]) -> Iterator[LogLine]:
    """All of them, or a fair share of each container's, from the end."""
    if len(lines) <= MAX_LINES:
        yield from lines
        return
    lines = _without_repeats(lines)
    streams: dict[tuple[str, str, bool], int] = {}
    for each in lines:
        stream = (each.pod, each.container, each.previous)
        streams[stream] = streams.get(stream, 0) + 1
    share = max(MAX_LINES // len(streams), 1)
    skip = {stream: count - share for stream, count in streams.items()}
    yield from islice(_after(lines, skip), MAX_LINES)


def _without_repeats(lines: tuple[LogLine, ...]) -> tuple[LogLine, ...]:
    """The last of each kind only: a program that repeats itself must not push out what another part of it said once."""
    seen: Counter[tuple[str, str, bool, str]] = Counter()
    kept = []
    for each in reversed(lines):
        kind = (each.pod, each.container, each.previous, _DIGITS.sub("", each.text[:BEGINNING]))
        seen[kind] += 1
        if seen[kind] <= REPEATS:
            kept.append(each)
    return tuple(reversed(kept))


def _after(lines: tuple[LogLine, ...], skip: dict[tuple[str, str, bool], int]) -> Iterator[LogLine]:
    for each in lines:
        stream = (each.pod, each.container, each.previous)
        if skip[stream] > 0:
            skip[stream] -= 1
        else:
            yield each
