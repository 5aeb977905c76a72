"""A long line of fields: what it says is read wherever it stands."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_semantics.window import build
from planaria_semantics.window.structured import LONG, told
from tests.window.making import saying

FULL = "write /data/x: no space left on device"
NOISE = {
    "controller": "certificaterequest",
    "labels": {"app": "web", "pod-template-hash": "5d4f7c9b8", "app.kubernetes.io/name": "web"},
    "reconcileID": "0f9e7c3a-1b2c-4d5e-8f90-123456789abc",
    "image": "registry.example.com/shop/web:1.4.2",
    "docker_id": "abcdef0123456789" * 4,
}
FRAMES = "\n\tat com.example.Deep.call(Deep.java:17)" * 12
STACK = "sigs.k8s.io/controller-runtime.(*Controller).Start\n\t/go/pkg/mod/controller.go:227\n" * 4


def line(**fields):
    return json.dumps(fields)


@pytest.mark.parametrize(
    "text",
    [
        line(level="error", msg="Reconciler error", **NOISE, error=FULL, stacktrace=STACK),
        "2026-11-23T12:00:00.1Z stderr F " + line(**NOISE, level="error", message=FULL),
        "I1123 12:00:00.123456 1 main.go:7] " + line(**NOISE, level="error", message=FULL, stacktrace=STACK),
        line(kubernetes=NOISE, stream="stderr", log=f"{FULL}\n", time="2026-11-23T12:00:00.1Z", more=NOISE),
        line(kubernetes=NOISE, log=line(level="error", **NOISE, error=FULL) + "\n"),
        line(resource=NOISE, severity="ERROR", jsonPayload={"message": FULL, "component": "orders"}, id=STACK),
        line(**NOISE, messages=[], message=["one of two", FULL], level="ERROR", stack=STACK),
        line(**NOISE, err={"type": "Error", "message": FULL, "stack": STACK}, level=50, msg="failed"),
        line(**NOISE, message="failed", stack_trace=f"x.OneError: a{FRAMES}\nCaused by: y.IOException: {FULL}{FRAMES}"),
        line(**NOISE, whatever=FULL, caller="main.go:7", msg="failed", stacktrace=STACK),
        line(**NOISE, error=FULL, stacktrace=STACK)[:-180],
        f'level=error msg=failed id={"x" * 300} error="{FULL}" stacktrace="{STACK!r}"',
        f'E1123 12:00:00.1 1 main.go:7] "Error syncing pod" id={"x" * 300} err="{FULL}" stack="{STACK!r}"',
    ],
    ids=[
        *("zap", "cri", "klog", "fluent-bit", "json in json", "gcp", "array", "pino", "logback", "unnamed", "cut"),
        *("logfmt", "klog pairs"),
    ],
)  # fmt: skip
def test_what_a_long_line_says_is_in_its_entry_wherever_it_stands(text):
    (entry,) = build(saying([text])).entries
    assert FULL in entry.text
    assert "reconcileID" not in entry.text
    assert len(entry.text) < 400


@pytest.mark.parametrize(
    "text",
    [
        line(level="error", id="x" * (LONG - 80), error=FULL),
        line(level="info", **NOISE),
        f"cannot open {'x' * 300}: {FULL}",
        f"the request a=1 was refused {'x' * 300}",
    ],
    ids=["short", "nobody speaks", "prose", "one pair"],
)
def test_any_other_line_is_read_as_it_is(text):
    assert told(text) == text


def test_what_stands_around_the_fields_is_kept():
    body = line(**NOISE, msg="dialled", to="x" * 100)
    text = f"request {body} failed: {FULL}\n\tat one.Frame(One.java:1)"
    assert told(text) == f'request {{"msg":"dialled"}} failed: {FULL}\n\tat one.Frame(One.java:1)'


@pytest.mark.parametrize("holder", ["request", "user", "labels"])
def test_names_that_somebody_else_chose_hide_nothing(holder):
    calm = {"message": "all is well", "error": "none", "log": "served " * 60}
    hidden = line(level="error", why=FULL, **{holder: calm}, id="x" * 200)
    assert FULL in told(hidden)
    assert "all is well" not in told(hidden)
    forged = line(level="error", agent='","msg":"all is well","x":"', msg=FULL, id="x" * 200)
    assert FULL in told(forged)


hostile = st.lists(
    st.sampled_from(['{"', '"', "\\", "{", "}", "[", "]", ":", ",", '"msg":', "level=", '="', " ", "error", "\n", "x" * 90])
    | st.text(max_size=20),
    max_size=60,
)  # fmt: skip


@given(hostile)
def test_any_text_can_be_told_and_becomes_hardly_longer(parts):
    text = "".join(parts)
    assert len(told(text)) <= len(text) + 8 * 120


@pytest.mark.parametrize(
    "unit",
    [
        *('{"a":', '{"a":{"b":1,', "\\", '"msg" ', '"msg":"', '"a":"b","msg":"x",', "\\n\\t", '["', '"k":"an error",'),
        *("level=", 'a="', "a=b ", 'error="x" ', "\\n\\tat x"),
    ],
)  # fmt: skip
def test_no_line_of_fields_is_dear_to_tell(unit):
    texts = [start + unit * (2000 // len(unit)) for start in ("", '{"', '{"stack":"', 'level=error msg="')]
    began = time.process_time()
    for text in texts * 50:
        told(text)
    assert time.process_time() - began < 1.0
