"""Kubernetes events as people paste them: rows of kubectl, key=value pairs, JSON objects, or a bare message."""

import json
import re
from typing import Any, Final

from planaria_contract import EventFact, ObjectRef
from planaria_semantics.window import clean

MAX_EVENTS: Final = 200
_KINDS: Final = {
    name.lower(): name
    for name in (
        "Pod", "Node", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service", "PersistentVolumeClaim",
        "PersistentVolume", "HorizontalPodAutoscaler", "Ingress", "Endpoints", "Certificate", "ConfigMap", "Secret",
    )
}  # fmt: skip
_AGE: Final = (
    r"(?:<unknown>|<invalid>|(?:\d{1,6}[smhdy]){1,4})(?: ?\(x\d{1,7} over (?:\d{1,6}[smhdy]){1,4}\))?"
)
_REASON: Final = r"[A-Z][A-Za-z]{2,63}"
_NAME: Final = r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?"
_SOURCE: Final = (
    r"(?:kubelet|[a-z]{1,40}-(?:controller(?:-manager)?|scheduler|autoscaler|provisioner|attacher)|attachdetach-controller"
    r"|persistentvolume-controller|controllermanager|taint-eviction-controller|cluster-autoscaler|karpenter)(?:, ?[\w.-]{1,253})?"
)
_ROW: Final = re.compile(
    rf"\s*(?:[a-z0-9-]{{1,63}}\s{{2,40}})?(?:{_AGE}\s{{1,40}})?(?P<type>Warning|Normal)\s{{1,40}}(?P<reason>{_REASON}):?\s{{1,40}}"
    rf"(?:{_AGE}\s{{1,40}})?(?:(?P<kind>[A-Za-z]{{2,40}})/(?P<name>{_NAME})\s{{1,40}}|{_SOURCE}\s{{1,40}})?(?P<message>\S.*)"
)
_HEADING: Final = re.compile(r"\s*(?:Events:?\s*$|-{3,}|(?:LAST SEEN|NAMESPACE|TYPE|Type)\s{2,}\S+\s{2,})")
_KEYS: Final = "type|reason|message|note|object|kind|name|namespace|involvedObject|source|host|count"
_PAIR: Final = re.compile(
    rf"\b(?P<key>{_KEYS})[=:]\s?(?:\"(?P<quoted>(?:[^\"\\]|\\.){{0,2000}})\"|(?P<word>[^\s,]{{1,2000}}))",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(rf".+?(?=,?\s(?:{_KEYS})=|$)", re.IGNORECASE)
"""What stands behind message= without quotes: it goes on until the next pair. A colon may be in it."""
_BARE: Final = re.compile(
    rf"\s*(?P<reason>{_REASON})(?::\s|\s{{2,}}|(?<=[a-z])(?<=[A-Za-z]{{8}})\s)(?P<message>\S.*)"
)
_HUMPS: Final = re.compile(r"[A-Z][a-z]+[A-Z]")
_COUNT: Final = re.compile(r"\(x(\d{1,7}) over ")


def is_heading(line: str) -> bool:
    return bool(_HEADING.match(line))


def read_event(line: str) -> list[EventFact]:
    """An event, where the line has the shape of one and no doubt is left."""
    row = _ROW.match(line)
    if row and (row["kind"] or "  " in line.strip() or _HUMPS.match(row["reason"])):
        count = _COUNT.search(line)
        subject = _subject(row["kind"], row["name"])
        return [_event(row["type"], row["reason"], row["message"], subject, int(count[1]) if count else 1)]
    pairs = _pairs(line)
    reason, message = pairs.get("reason"), pairs.get("message") or pairs.get("note")
    if reason and message and re.fullmatch(_REASON, reason):
        kind, _, name = pairs.get("object", "").rpartition("/")
        subject = _subject(pairs.get("kind") or kind, name or pairs.get("name"))
        return [_event(pairs.get("type", "Warning"), reason, message, subject)]
    return []


def _pairs(line: str) -> dict[str, str]:
    """By key in lower case. What stands within a message is none."""
    found: dict[str, str] = {}
    at = 0
    while pair := _PAIR.search(line, at):
        key, word, at = pair["key"].lower(), pair["word"], pair.end()
        if word and key in {"message", "note"} and (sentence := _SENTENCE.match(line, pair.start("word"))):
            word, at = sentence[0], sentence.end()
        found[key] = word.strip('"') if word else pair["quoted"]
    return found


def bare_event(line: str) -> EventFact:
    """A message of which is known only that it is one; a reason before it is told by its shape."""
    match = _BARE.match(line)
    certain = match and (_HUMPS.match(match["reason"]) or line[match.end("reason")] == ":")
    if match and certain:
        return _event("Warning", match["reason"], match["message"], _subject(None, None))
    return _event("Warning", "", line, _subject(None, None))


def events_of_json(text: str) -> list[EventFact]:
    """Of an event, a list of them, or a `kubectl get -o json`; nothing for any other text."""
    start = text.lstrip()[:1]
    if start not in {"{", "["}:
        return []
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return []
    bodies = parsed.get("items", [parsed]) if isinstance(parsed, dict) else parsed
    if not isinstance(bodies, list):
        return []
    return [event for body in bodies[:MAX_EVENTS] if (event := _of_body(body))]


def _of_body(body: Any) -> EventFact | None:
    if not isinstance(body, dict):
        return None
    reason, message = body.get("reason"), body.get("message") or body.get("note")
    about = body.get("involvedObject") or body.get("regarding") or body.get("object") or {}
    event = isinstance(reason, str) and isinstance(message, str)
    if not event or not (about or body.get("kind") == "Event" or body.get("type") in {"Normal", "Warning"}):
        return None
    fields = about if isinstance(about, dict) else {}
    subject = _subject(fields.get("kind"), fields.get("name"))
    count = body.get("count")
    times = count if isinstance(count, int) and 0 < count < 10**9 else 1
    return _event(str(body.get("type") or "Warning"), str(reason), str(message), subject, times)


def _subject(kind: Any, name: Any) -> ObjectRef:
    known = _KINDS.get(str(kind or "pod").lower(), "Object")
    return ObjectRef(kind=known, name=clean.line(str(name or "snippet"))[:253])


def _event(type_: str, reason: str, message: str, subject: ObjectRef, count: int = 1) -> EventFact:
    return EventFact(
        reason=clean.line(reason)[:128],
        message=clean.line(message).strip(),
        subject=subject,
        count=count,
        warning=type_.lower() != "normal",
    )
