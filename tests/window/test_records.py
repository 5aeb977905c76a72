"""What belongs together becomes one record; what does not, is not hidden behind another line."""

from datetime import timedelta

import pytest

from planaria_semantics.window.records import MAX_JOINED, MAX_LINES, newest, records
from tests.builders import NOW
from tests.window.making import lines

PYTHON = [
    "Traceback (most recent call last):",
    '  File "/app/main.py", line 42, in handle',
    "    total = 1 / 0",
    "ZeroDivisionError: division by zero",
]
CHAINED = [
    *PYTHON[:3],
    "KeyError: 'x'",
    "During handling of the above exception, another exception occurred:",
    *PYTHON,
]
JAVA = [
    'Exception in thread "main" java.lang.IllegalStateException: no pool',
    "\tat com.example.Front.main(Front.java:17)",
    "\t... 12 more",
    "Caused by: java.net.ConnectException: Connection refused",
    "\tat java.base/sun.nio.ch.Net.connect0(Native Method)",
]
GO = [
    "panic: runtime error: index out of range [3] with length 3",
    "goroutine 1 [running]:",
    "main.handle(0xc000010000)",
    "\t/src/main.go:12 +0x1d",
    "created by main.main in goroutine 1",
    "exit status 2",
]
NODE = ["TypeError: Cannot read properties of undefined", "    at Object.<anonymous> (/app/index.js:3:7)"]
RUST = [
    "thread 'main' panicked at src/main.rs:4:5:",
    "index out of bounds",
    "note: run with `RUST_BACKTRACE=1`",
]
DOTNET = [
    "Unhandled exception. System.InvalidOperationException: no connection",
    " ---> System.Net.Sockets.SocketException (111): Connection refused",
    "   at Front.Program.Main() in /src/Program.cs:line 12",
]


def stripped(texts):
    return [text.strip() for text in texts]


@pytest.mark.parametrize(
    "trace", [PYTHON, JAVA, GO, NODE, RUST, DOTNET], ids=["python", "java", "go", "node", "rust", "dotnet"]
)
@pytest.mark.parametrize("form", [list, stripped])
def test_a_stack_trace_is_one_record(trace, form):
    if trace is PYTHON and form is stripped:
        trace = [*trace[:2], *trace[3:]]
    found = records(lines(["INFO ready", *form(trace), "INFO goodbye"]))
    assert [record.index for record in found] == [0, 1, 1 + len(trace)]


@pytest.mark.parametrize(
    ("trace", "cause"),
    [
        (PYTHON, "ZeroDivisionError: division by zero"),
        (CHAINED, "ZeroDivisionError: division by zero"),
        (JAVA, "Caused by: java.net.ConnectException: Connection refused"),
        (DOTNET, "---> System.Net.Sockets.SocketException (111): Connection refused"),
    ],
)
def test_the_last_exception_is_the_cause(trace, cause):
    assert [record.cause for record in records(lines(trace))][-1] == cause


def test_a_trace_belongs_to_the_error_that_it_follows_and_to_no_information():
    (joined,) = records(lines(["ERROR:root:request failed", *PYTHON]))
    assert joined.index == 0
    assert [record.index for record in records(lines(["INFO ready", *PYTHON]))] == [0, 1]


def test_records_of_different_containers_do_not_mix():
    mixed = (*lines(["ERROR a"]), *lines(["    at x (y.js:1)"], pod="front-1", start=1))
    assert len(records(mixed)) == 2


def test_lines_far_apart_in_time_are_no_record():
    first, second = lines(["ERROR a", "    indented"], time=NOW)
    later = second.model_copy(update={"time": NOW + timedelta(seconds=30)})
    assert len(records((first, second))) == 1
    assert len(records((first, later))) == 2


@pytest.mark.parametrize(
    "own",
    ["    ERROR disk failed", "  2026-11-23T12:00:00Z gone", '   {"level":"error"}', "  level=error msg=x"],
)
def test_indentation_hides_no_line_that_has_a_beginning_of_its_own(own):
    assert len(records(lines(["INFO user text", own]))) == 2


def test_whoever_indents_everything_hides_little():
    found = records(lines(["x", *("  y" for _ in range(1000))]))
    assert len(found) >= 1000 // MAX_JOINED


def test_with_too_many_lines_every_container_keeps_its_newest():
    many = lines(str(n) for n in range(5 * MAX_LINES))
    few = lines(["last words"], pod="front-1", start=len(many))
    kept = list(newest((*many, *few)))
    assert len(kept) <= MAX_LINES
    assert kept[-1].text == "last words"
    assert kept[-2].text == many[-1].text


def test_blank_lines_are_nothing():
    assert records(lines(["", "   ", "\u200b"])) == []
