"""Blackening, applied to every log line and message before anything leaves the process."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Final

import regex

from planaria_operator.api.evidence_settings import BUILT_IN, BuiltIn, EvidenceSettings
from planaria_operator.evidence.patterns import EMAIL, LONGEST_KEY, PEM_BODY, PEM_MARK, SECRETS
from planaria_operator.evidence.personal import addresses, cards, phones
from planaria_operator.text import shortened

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
    """The built-in patterns, and those of one policy. Secrets are blackened always, the other groups unless left out.

    A policy's pattern that cannot be read or that runs away fails closed: the text is withheld, because whoever wrote
    the pattern meant something to be hidden. `problem` then says why, for `Observation.missing`.
    """

    def __init__(self, patterns: Iterable[str] = (), groups: Iterable[BuiltIn] = BUILT_IN) -> None:
        self.problem = ""
        self._groups = [_GROUPS[group] for group in BUILT_IN if group in set(groups)]
        self._strikes = 0
        self._own = [compiled for pattern in patterns if (compiled := self._compile(pattern))]

    def text(self, text: str) -> str:
        """At most `LONGEST` characters. What was cut must end in `…`: it may end in half of a password."""
        bounded = shortened(text, LONGEST)
        lowered = bounded.lower()
        for secret in SECRETS:
            if any(hint in lowered for hint in secret.hints):
                bounded = secret.expression.sub(_blacken, bounded)
        for blacken in self._groups:
            bounded = blacken(bounded, REDACTED)
        return self._apply_own(bounded)

    def lines(self, lines: Iterable[str]) -> list[str]:
        """As `text`, line by line, and key blocks that span lines as a whole: also one that began before the first line."""
        known = list(lines)
        hidden = _key_lines(known)
        return [REDACTED if at in hidden else self.text(line) for at, line in enumerate(known)]

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


def _key_lines(lines: Sequence[str]) -> set[int]:
    """Indices of the lines that are nothing but a part of a key.

    Anybody can forge a mark. So two hide all between them only where they are near to each other, and one alone
    hides the lines beside it that look like a key: not those of one that was cut and bears a prefix on every line.
    """
    hidden: set[int] = set()
    begun: int | None = None
    for at, line in enumerate(lines):
        marks = PEM_MARK.findall(line)
        if marks[:1] == ["END"] and begun is not None and at - begun <= LONGEST_KEY:
            hidden.update(range(begun + 1, at + 1))
        elif marks[:1] == ["END"]:
            hidden.update(_body(lines, range(at - 1, -1, -1)))
        if marks:
            begun = at if marks[-1] == "BEGIN" else None
        if begun == at:
            hidden.update(_body(lines, range(at + 1, len(lines))))
    return hidden


def _body(lines: Sequence[str], indices: Iterable[int]) -> Iterable[int]:
    return takewhile(lambda at: PEM_BODY.fullmatch(lines[at].strip()), indices)


def _blacken(match: "re.Match[str]") -> str:
    return f"{match[1]}{REDACTED}" if match.re.groups else REDACTED


def _email(text: str, instead: str) -> str:
    return EMAIL.sub(instead, text) if "@" in text else text


_GROUPS: Final[dict[BuiltIn, Callable[[str, str], str]]] = {
    "email": _email,
    "cards": cards,
    "addresses": addresses,
    "phones": phones,
}


def redactor_of(settings: EvidenceSettings) -> Redactor:
    return Redactor(settings.redact, settings.redact_built_in)
