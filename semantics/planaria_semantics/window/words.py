"""What the wording of a line tells before anybody has read it: its level, and whether it has the shape of an error."""

import re
from collections.abc import Iterable
from typing import Final

_LEVEL: Final = re.compile(
    r"^(?P<klog>[IWEF])\d{4} \d\d:"
    r"|\b(?:level|lvl|severity|log\.level|s)\\?[\"']?\s?[=:]\s?\\?[\"']?(?P<field>[A-Za-z]{1,9})\b"
    r"|(?<![\w./-])(?P<word>TRACE|DEBUG|INFO|NOTICE|LOG(?=:)|WARN(?:ING)?|ERROR|ERR!?|CRIT(?:ICAL)?|FATAL|SEVERE|PANIC|EMERG|ALERT"
    r"|(?:(?<=\[)|(?<=[ :]))(?:trace|debug|info|notice|warn(?:ing)?|error|err|crit|fatal|emerg|alert)(?=[\]:>]))(?![\w=/-])"
)
_BY_NAME: Final = {
    **dict.fromkeys(("t", "trace", "d", "debug", "i", "info", "information", "notice", "log", "n", "verbose"), 0),
    **dict.fromkeys(("w", "warn", "warning"), 1),
    **dict.fromkeys(("e", "error", "err", "err!", "severe"), 2),
    **dict.fromkeys(("f", "fatal", "c", "crit", "critical", "panic", "emerg", "alert", "dpanic"), 3),
}  # fmt: skip

_WORDS: Final = (
    "abort|assert|backoff|back-off|bad gateway|bad_alloc|blocked|broken pipe|cannot|can't|corrected|corrupt|could not|crash|deadlock"
    "|denied|dropped|enospc|error|evict|exceeded|exception|exhaust|expired|fail|fatal|fell off|fallen off|forbidden|full|hung|invalid"
    "|insufficient|kill|lockup|lost|mismatch|missing|no route|no space|no such|not found|notfound|not ready|notready|not permitted"
    "|not responding|oomkill|out of|outofmemory|overflow|overload|panic|pressure|read-only|refus|reject|reset by|segfault|sigabrt|sigkill"
    "|sigsegv|stale|starv|stuck|taint|throttl|timeout|time-out|timed out|too many|traceback|unable|unauthor|unavailable|uncorrectable"
    "|undefined|unexpected|unhandled|unhealthy|unknown|unreachable|unrecogni|unresolved|unschedulable|violat|watermark|x509"
)
_SIGNALS: Final = tuple(_WORDS.split("|"))
"""Words of trouble."""
_ABOUT: Final = (
    "memory", "disk", "storage", "pid", "network", "connect", "image", "certif", "alloc", "cpu", "volume", "quota", "query",
    "recovered", "succe", "correctable", " up", "down", "watchdog", "healthy", "started", "stopped",
)  # fmt: skip
"""Words that say what a line is about, and how it ended."""
_PLAIN: Final = re.compile(r"\b(?:50[0234]|40[13]|429)\b(?![.:-]\w)|(?i:\boom)(?![A-Za-z])|OOM\b")
"""Answers of HTTP that are nobody's wish, and the one word of trouble that is too short to be searched for."""
_CALM: Final = re.compile(
    r"(?:error|fail|failure|exception|denied|timeout|oom|corrupt|lost|reject)(?:s|ed|ures)?(?:_count|_total|s)?\\?\"?(?: ?[=:] ?| )\"?(?:0|none|null|nil|false|<nil>)\b"
    r"|\b(?:0|no|without(?: any)?) (?:\w{1,20} )?(?:error|failure|fault|problem|exception)s?\b|\brecovered\b|\bsucce(?:ss\w*|eded)|\bfully\b|\bskills?\b",
    re.IGNORECASE,
)
_OF_USERS: Final = re.compile(
    r"\b(?:user|customer|visitor|client|member|author)s?\b.{0,60}?\b(?:says?|said|wrote|writes|asked|searched|typed|commented|posted|sent|named|titled)\b"
    r"|\bchat (?:message|line)\b|\b(?:search(?:ed)? (?:for|term|query)|comment|review|feedback|subject|title|chat|ticket|prompt|note|message (?:from|text|body)|user.?agent"
    r"|query|q|body|text|description|username|user)\\?[\"']?\s?[=:]\s?\\?[\"']?",
    re.IGNORECASE,
)
LONGEST: Final = 1000
STEM: Final = 4
"""Letters from which on the beginning of a word is no accident."""
_TOKEN: Final = re.compile(r"[a-z]+")
_BEGINNING: Final = 160
"""Characters in which a level may stand."""


def level(text: str) -> int | None:
    """0 information, 1 warning, 2 error, 3 fatal; None where the line does not say."""
    match = _LEVEL.search(text[:_BEGINNING])
    if match is None:
        return None
    return _BY_NAME.get((match["klog"] or match["field"] or match["word"]).lower())


def signals(text: str) -> tuple[str, ...]:
    """The words of trouble in it. Plain searches: one expression for all of them would take ten times as long."""
    lowered = text.lower()
    return tuple(word for word in _SIGNALS if word in lowered)


def decisive(text: str) -> tuple[str, ...]:
    """The words that decide what a line means; lines that differ in them are never alike."""
    lowered = text.lower()
    return tuple(word for words in (_SIGNALS, _ABOUT) for word in words if word in lowered)


def spelled(words: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of `words` that stand in it as words of their own: letters at random spell a short one now and then."""
    found = frozenset(_TOKEN.findall(text.lower()))
    return tuple(word for word in words if _stands(word.strip(), found))


def _stands(word: str, found: frozenset[str]) -> bool:
    return (
        not word.isalpha()
        or word in found
        or (len(word) >= STEM and any(each.startswith(word) for each in found))
    )


def erroneous(text: str) -> bool:
    """Worded like an error, and not like the absence of one."""
    bounded = text[:LONGEST]
    if _PLAIN.search(bounded):
        return True
    return bool(signals(bounded)) and bool(signals(_CALM.sub(" ", bounded)))


def quotes_users(text: str) -> bool:
    """True for a line that repeats what somebody outside said: how that is worded means nothing."""
    return bool(_OF_USERS.search(text[:LONGEST]))
