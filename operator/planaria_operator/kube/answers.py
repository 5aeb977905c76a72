"""What a refusal of the API server means: an HTTP answer becomes one error of `errors.py`, in one line."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from planaria_operator.kube.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    KubeError,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from planaria_operator.kube.paths import role_name_of
from planaria_operator.text import shortened

PAYLOAD_LIMIT: Final = 300
"""Characters of a server's own message that are passed on: it may quote whole objects."""
DEFAULT_RETRY_AFTER: Final = 5
"""Seconds, where a throttling server names none."""


class Expired(Unavailable):
    """410: the version that a page of a list belongs to is no longer kept. Reading from the start works."""


_CONFLICT_ON_CREATE: Final = "AlreadyExists"
_AMBIGUOUS_BUDGET: Final = "more than one PodDisruptionBudget"
_SIMPLE: Final[Mapping[int, type[KubeError]]] = {
    HTTPStatus.BAD_REQUEST: Invalid,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: Invalid,
    HTTPStatus.NOT_ACCEPTABLE: Invalid,
    HTTPStatus.REQUEST_TIMEOUT: Unavailable,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.GONE: Expired,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Invalid,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Invalid,
    HTTPStatus.UNPROCESSABLE_ENTITY: Invalid,
}


class Attempt(NamedTuple):
    """What was tried, in the words of RBAC."""

    verb: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace and self.name else self.name
        if not self.name:
            place = f"in namespace {self.namespace}" if self.namespace else ""
        detail = f"({self.subresource})" if self.subresource else ""
        return " ".join(part for part in (self.verb, self.kind, place, detail) if part)

    @property
    def resource(self) -> str:
        """As a role names it: `deployments.apps/scale`."""
        if not self.kind:
            return self.name
        named = role_name_of(self.kind)
        return f"{named}/{self.subresource}" if self.subresource else named


def to_error(attempt: Attempt, status: int, headers: Mapping[str, str], payload: bytes) -> KubeError:
    """The error for an answer with an HTTP status of 400 or more."""
    body = _parse_status(payload)
    message = one_line(str(body.get("message") or payload.decode(errors="replace")))
    text = f"{attempt}: {message or f'HTTP status {status}'}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        refusing = _budget(body)
        told = f"{attempt}: {refusing}" if refusing else text
        return TooManyRequests(told, _retry_after(headers, body), budget=bool(refusing))
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(f"{attempt}: not allowed to {attempt.verb} {attempt.resource}: {message}")
    if status == HTTPStatus.CONFLICT and body.get("reason") == _CONFLICT_ON_CREATE:
        return AlreadyExists(text)
    if _AMBIGUOUS_BUDGET in message:
        return Invalid(text)  # sent as 500, but asking again gives the same answer until a person removes one
    if error := _SIMPLE.get(status):
        return error(text)
    return Invalid(text) if status < HTTPStatus.INTERNAL_SERVER_ERROR else Unavailable(text)


def one_line(text: str, limit: int = PAYLOAD_LIMIT) -> str:
    """Printable, on one line, and no longer than `limit`."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return shortened(" ".join(clean.split()), limit)


def _parse_status(payload: bytes) -> Mapping[str, Any]:
    """The Status object of a refusal; empty where something in between answered with a page of its own."""
    try:
        body = json.loads(payload)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _details(body: Mapping[str, Any]) -> Mapping[str, Any]:
    details = body.get("details")
    return details if isinstance(details, dict) else {}


def _budget(body: Mapping[str, Any]) -> str:
    """Which PodDisruptionBudget refuses, and its numbers: the top message names neither. Empty where the server throttles."""
    causes = _details(body).get("causes") or ()
    found = (str(cause.get("message")) for cause in causes if cause.get("reason") == "DisruptionBudget")
    return one_line(next(found, ""))


def _retry_after(headers: Mapping[str, str], body: Mapping[str, Any]) -> int:
    stated = headers.get("Retry-After") or _details(body).get("retryAfterSeconds")
    try:
        return max(1, int(str(stated)))
    except ValueError:
        return DEFAULT_RETRY_AFTER
