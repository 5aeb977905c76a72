"""Blackening, applied to every log line and message before anything leaves the process."""

import re
from collections.abc import Iterable
from typing import Final

import regex

from planaria_operator.evidence.patterns import CARD, PEM_BEGIN, PEM_END, SECRETS, is_card

REDACTED: Final = "<redacted>"
WITHHELD: Final = "<withheld>"
"""Stands for a whole text that a policy's own pattern could not be applied to."""

LONGEST: Final = 2048
"""Characters that are looked at; the rest of a longer text is cut off, so that no pattern meets an unbounded one."""
PATIENCE: Final = 0.02
"""Seconds for one of a policy's patterns on one text."""
STRIKES: Final = 3
"""Time-outs after which the policy's patterns are taken to be hostile."""


class Redactor:
    """The built-in patterns, and those of one policy.

    A policy's pattern that cannot be read or that runs away fails closed: the text is withheld, because whoever wrote
    the pattern meant something to be hidden. `problem` then says why, for `Observation.missing`.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self.problem = ""
        self._strikes = 0
        self._own = [compiled for pattern in patterns if (compiled := self._compile(pattern))]

    def text(self, text: str) -> str:
        """At most `LONGEST` characters."""
        bounded = text[:LONGEST]
        lowered = bounded.lower()
        for secret in SECRETS:
            if any(hint in lowered for hint in secret.hints):
                bounded = secret.expression.sub(_blacken, bounded)
        bounded = CARD.sub(lambda match: REDACTED if is_card(match[0]) else match[0], bounded)
        return self._apply_own(bounded)

    def lines(self, lines: Iterable[str]) -> list[str]:
        """As `text`, line by line, and key blocks that span lines as a whole."""
        result, inside = [], False
        for line in lines:
            begins = bool(PEM_BEGIN.search(line))
            result.append(REDACTED if inside and not begins else self.text(line))
            inside = (inside or begins) and not PEM_END.search(line)
        return result

    def _compile(self, pattern: str) -> "regex.Pattern[str] | None":
        try:
            return regex.compile(pattern)
        except regex.error as error:
            self.problem = (
                f"evidence.redact: {pattern[:64]!r} is no regular expression ({error}); texts are withheld"
            )
            return None

    def _apply_own(self, text: str) -> str:
        if self.problem:
            return WITHHELD
        try:
            for pattern in self._own:
                text = pattern.sub(REDACTED, text, timeout=PATIENCE, concurrent=True)
        except TimeoutError:
            self._strikes += 1
            if self._strikes >= STRIKES:
                self.problem = "evidence.redact: a pattern takes too long; texts are withheld"
            return WITHHELD
        return text


def _blacken(match: "re.Match[str]") -> str:
    return f"{match[1]}{REDACTED}" if match.re.groups else REDACTED
