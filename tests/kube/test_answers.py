import json
from typing import Any

import pytest

from planaria_operator.kube.answers import PAYLOAD_LIMIT, Attempt, Expired, to_error
from planaria_operator.kube.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    KubeError,
    NotFound,
    Permanent,
    Temporary,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)

PATCH = Attempt("patch", "Deployment", "shop", "web", "scale")
EVICT = Attempt("create", "Pod", "shop", "web-1", "eviction")


def error_of(
    status: int, *, attempt: Attempt = PATCH, headers: dict[str, str] | None = None, **body: Any
) -> KubeError:
    return to_error(attempt, status, headers or {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "BadRequest", Invalid),
        (401, "Unauthorized", Unauthorized),
        (403, "Forbidden", Forbidden),
        (404, "NotFound", NotFound),
        (405, "MethodNotAllowed", Invalid),
        (408, "Timeout", Unavailable),
        (409, "Conflict", Conflict),
        (409, "AlreadyExists", AlreadyExists),
        (410, "Expired", Expired),
        (413, "RequestEntityTooLarge", Invalid),
        (415, "UnsupportedMediaType", Invalid),
        (422, "Invalid", Invalid),
        (429, "TooManyRequests", TooManyRequests),
        (451, "", Invalid),
        (500, "InternalError", Unavailable),
        (503, "ServiceUnavailable", Unavailable),
        (504, "Timeout", Unavailable),
        (599, "", Unavailable),
    ],
)
def test_every_refusal_has_its_error(status: int, reason: str, kind: type[KubeError]):
    error = error_of(status, reason=reason, message="the server's own words")
    assert type(error) is kind
    assert "patch Deployment shop/web (scale)" in str(error)
    assert "the server's own words" in str(error)


@pytest.mark.parametrize(
    ("status", "again"), [(404, False), (422, False), (409, True), (503, True), (429, True)]
)
def test_temporary_is_told_from_permanent(status: int, again: bool):
    assert isinstance(error_of(status), Temporary if again else Permanent)


def test_a_forbidden_call_names_verb_and_resource():
    assert "not allowed to patch deployments.apps/scale: no role" in str(error_of(403, message="no role"))


def test_a_message_is_cut_and_kept_on_one_line():
    text = str(error_of(422, message="line one\nline two\x1b[31m" + "x" * 5000))
    assert "line one line two" in text
    assert text.isprintable()
    assert len(text) <= len(str(PATCH)) + 2 + PAYLOAD_LIMIT


def test_a_page_of_something_in_between_is_passed_on_in_short():
    error = to_error(PATCH, 502, {}, b"<html><body>Bad   Gateway</body></html>")
    assert str(error) == "patch Deployment shop/web (scale): <html><body>Bad Gateway</body></html>"
    assert str(to_error(PATCH, 503, {}, b"")).endswith("HTTP status 503")
    assert isinstance(to_error(PATCH, 503, {}, b'"just a string"'), Unavailable)


def test_a_throttling_server_says_how_long_to_wait():
    by_header = error_of(429, headers={"Retry-After": "17"})
    by_body = error_of(429, details={"retryAfterSeconds": 9})
    unsaid = error_of(429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    waits = [
        error.retry_after for error in (by_header, by_body, unsaid) if isinstance(error, TooManyRequests)
    ]
    assert waits == [17, 9, 5]


def test_a_budget_that_refuses_an_eviction_is_named_with_its_numbers():
    cause = {
        "reason": "DisruptionBudget",
        "message": "The disruption budget web needs 2 healthy pods and has 2 currently",
    }
    error = error_of(
        429,
        attempt=EVICT,
        message="Cannot evict pod as it would violate the budget.",
        details={"causes": [cause]},
    )
    assert str(error) == (
        "create Pod shop/web-1 (eviction): The disruption budget web needs 2 healthy pods and has 2 currently"
    )
    assert isinstance(error, TooManyRequests)
    assert error.budget


@pytest.mark.parametrize("attempt", [PATCH, EVICT], ids=["patch", "evict"])
@pytest.mark.parametrize(
    "payload",
    [
        b"Too many requests, please try again later.\n",
        b'{"reason": "TooManyRequests", "message": "storage is (re)initializing", "details": {"retryAfterSeconds": 1}}',
    ],
    ids=["priority-and-fairness", "storage"],
)
def test_a_server_that_throttles_is_no_budget_whatever_was_asked(attempt: Attempt, payload: bytes):
    error = to_error(attempt, 429, {"Retry-After": "1"}, payload)
    assert isinstance(error, TooManyRequests)
    assert (error.budget, error.retry_after) == (False, 1)


def test_two_budgets_over_one_pod_are_permanent_although_the_server_calls_it_an_internal_error():
    error = error_of(
        500, message="This pod has more than one PodDisruptionBudget, which the eviction does not support."
    )
    assert isinstance(error, Invalid)


def test_an_attempt_reads_like_a_sentence_in_each_scope():
    assert str(Attempt("list", "Pod")) == "list Pod"
    assert str(Attempt("list", "Pod", "shop")) == "list Pod in namespace shop"
    assert str(Attempt("get", "Node", "", "a", "proxy")) == "get Node a (proxy)"
    assert str(Attempt("get", name="/version")) == "get /version"
    assert Attempt("get", name="/version").resource == "/version"
