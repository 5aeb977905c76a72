"""Cuts a program's output into observations of 1-12 lines, and keeps one of those that differ in numbers only."""

import random
import re
from collections.abc import Iterator, Sequence
from typing import Final

from planaria_policy.semantics.harvest.experiment import Experiment

LONGEST: Final = 12
WIDEST: Final = 1500
"""Characters of one observation."""
EACH: Final = 24
"""Observations that one experiment gives at most, so that no chatty program outvotes the others."""
CALM: Final = 70
"""The same for a healthy run, which is where most different lines are."""

_GOES_ON: Final = re.compile(
    r"^\s+\S|^Caused by: |^(?:.{0,60} )?(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY):  |^\s*\.\.\. \d+ more|^\}|^During handling"
)
_FRAME: Final = re.compile(r"^\s*(?:at |code: |\^)")
"""A line of a stack trace or of an error's fields, which tells nothing alone."""
_FRAGMENT: Final = re.compile(r"^(?:>>> .*|argv\[.*|id=\d+ addr=.*|.{0,9})$")
"""One line that is only a piece of a message about a fault."""
_VARIES: Final = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+", re.IGNORECASE)


def mask(text: str) -> str:
    return _VARIES.sub("#", text)


def records(output: str) -> list[list[str]]:
    """Lines with those that belong to them: stack frames, details, hints."""
    found: list[list[str]] = []
    for line in output.split("\n"):
        if not line.strip():
            continue
        if found and _GOES_ON.match(line):
            found[-1].append(line.rstrip())
        else:
            found.append([line.rstrip()])
    return found


def observations(experiment: Experiment, output: str) -> Iterator[str]:
    """The texts that carry the experiment's label, most telling first."""
    draw = random.Random(experiment.name)
    seen: set[str] = set()
    most = CALM if not experiment.signs else EACH
    for text in _texts(experiment, output, draw):
        key = mask(text)
        told = (
            experiment.shows(text)
            and len(text) <= WIDEST
            and not (experiment.signs and _FRAGMENT.match(text))
        )
        if told and text.strip() and key not in seen:
            seen.add(key)
            yield text
        if len(seen) >= most:
            return


def _texts(experiment: Experiment, output: str, draw: random.Random) -> Iterator[str]:
    if experiment.whole:
        yield from _whole(experiment, output)
        return
    parts = records(output)
    marked = [at for at, part in enumerate(parts) if experiment.shows("\n".join(part))]
    draw.shuffle(marked)
    unlike = _unlike(parts, marked)
    for at in unlike:
        yield _clip(parts[at])
        if not experiment.signs or len(parts) == 1:
            continue
        yield _around(parts, at, draw)
    if not experiment.signs:
        for at in unlike:
            yield _around(parts, at, draw)


def _unlike(parts: Sequence[Sequence[str]], order: Sequence[int]) -> list[int]:
    seen: dict[str, int] = {}
    for at in order:
        seen.setdefault(mask(parts[at][0]), at)
    return list(seen.values())


def _around(parts: Sequence[Sequence[str]], at: int, draw: random.Random) -> str:
    """With some of what was printed before and after it."""
    first = max(0, at - draw.randrange(5))
    lines = [line for part in parts[first:at] for line in part][-(LONGEST - 2) :]
    here = list(parts[at])[: LONGEST - len(lines)]
    after = [line for part in parts[at + 1 : at + 1 + draw.randrange(4)] for line in part]
    return "\n".join((lines + here + after)[:LONGEST])


def _whole(experiment: Experiment, output: str) -> Iterator[str]:
    lines = [line.rstrip() for line in output.split("\n") if line.strip()]
    telling = [at for at, line in enumerate(lines) if experiment.shows(line) and not _FRAME.match(line)]
    if not telling:
        return
    yield lines[telling[0]].strip()
    yield _clip(lines[telling[0] : telling[0] + 6])
    yield _clip(lines[max(0, telling[-1] - LONGEST + 1) : telling[-1] + 1])
    yield _clip(lines[: telling[0] + LONGEST] if telling[0] < LONGEST else lines[telling[0] :])
    yield lines[telling[-1]].strip()


def _clip(lines: Sequence[str]) -> str:
    return "\n".join(lines[:LONGEST])
