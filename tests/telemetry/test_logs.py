import io
import json
import logging
import warnings
from typing import Any

import pytest
import structlog

from planaria_operator.telemetry.logs import TEXT_LIMIT, configure

pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_our_lines_and_those_of_libraries_come_in_one_form(out: io.StringIO):
    configure("json", "info", out)
    structlog.get_logger("planaria.path").info("passed", station="detect")
    logging.getLogger("kopf.reactor").warning("something %s", "odd")
    first, second = lines(out)
    assert (first["event"], first["station"], first["logger"], first["level"]) == (
        *("passed", "detect", "planaria.path"),
        "info",
    )
    assert (second["event"], second["logger"], second["level"]) == (
        "something odd",
        "kopf.reactor",
        "warning",
    )
    assert {"timestamp"} <= set(first) & set(second)


def test_the_incident_is_on_every_line_below_it(out: io.StringIO):
    configure("json", "info", out)
    with structlog.contextvars.bound_contextvars(incident="shop/r1"):
        structlog.get_logger("planaria.act").info("one")
        logging.getLogger("planaria.other").info("two")
    structlog.get_logger("planaria.act").info("three")
    assert [line.get("incident") for line in lines(out)] == ["shop/r1", "shop/r1", None]


def test_libraries_that_have_a_line_for_everything_are_held_back_unless_debugging(out: io.StringIO):
    configure("json", "info", out)
    logging.getLogger("kopf.objects").info("Handler 'feed-pods' succeeded.")
    logging.getLogger("aiohttp.access").info("GET /healthz")
    assert lines(out) == []
    configure("json", "debug", out)
    logging.getLogger("kopf.objects").debug("Handler is invoked.")
    assert [line["event"] for line in lines(out)] == ["Handler is invoked."]


def test_a_level_is_obeyed(out: io.StringIO):
    configure("json", "error", out)
    structlog.get_logger("planaria").warning("not this")
    logging.getLogger("kopf").warning("nor this")
    structlog.get_logger("planaria").error("this")
    assert [line["event"] for line in lines(out)] == ["this"]


def test_a_library_says_the_same_thing_once_a_minute(out: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    configure("json", "info", out)
    kopf = logging.getLogger("kopf.clients")
    for attempt in range(1, 20):
        kopf.error("Request attempt #%s failed; will retry: GET /api/v1/pods", attempt)
    kopf.error("Request attempt #1 failed; will retry: GET /api/v1/nodes")  # the same outage
    kopf.error("Resource version too old")
    structlog.get_logger("planaria").info("again")
    structlog.get_logger("planaria").info("again")
    assert [line["event"][-5:] for line in lines(out)] == ["/pods", "o old", "again", "again"]
    clock = logging.time.time()  # type: ignore[attr-defined]
    monkeypatch.setattr(logging.time, "time", lambda: clock + 61)  # type: ignore[attr-defined]
    kopf.error("Request attempt #21 failed; will retry: GET /api/v1/pods")
    assert len(lines(out)) == 5


def test_a_library_prints_no_traceback_of_what_it_also_raises_and_ours_do(out: io.StringIO):
    configure("json", "info", out)
    try:
        json.loads("broken")
    except ValueError:
        logging.getLogger("kopf.reactor").exception("Watcher has failed")
        structlog.get_logger("planaria").exception("a step failed")
    kopf, planaria = lines(out)
    assert "exception" not in kopf
    assert "JSONDecodeError" in planaria["exception"]


def test_a_line_that_names_the_whole_cluster_is_cut(out: io.StringIO):
    configure("json", "info", out)
    logging.getLogger("kopf").warning("Unprocessed: %s", "pod, " * 20000)
    (line,) = lines(out)
    assert len(line["event"]) < TEXT_LIMIT + 50
    assert line["event"].endswith("(100013 characters)")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_came_from_the_cluster_cannot_command_the_terminal_or_fake_a_line(
    out: io.StringIO, log_format: Any
):
    configure(log_format, "info", out)
    structlog.get_logger("planaria").info("read", message="ok\x1b[2J\nlevel=error all is lost")
    text = out.getvalue()
    assert "\x1b" not in text
    assert text.count("\n") == 1


def test_warnings_of_python_are_lines_too(out: io.StringIO):
    configure("json", "info", out)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old habits", UserWarning, stacklevel=1)
    assert any("old habits" in line["event"] for line in lines(out))
