"""One stream of log lines, JSON or for a terminal, whoever writes them: our modules, kopf, the client, asyncio.

structlog's lines go through the standard library's handlers, so that there is one place for level, format and limits.
Whoever works on an incident binds it with `structlog.contextvars.bound_contextvars(incident=...)`; every line below has it.
"""

import logging
import re
import sys
from collections import OrderedDict
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.types import EventDict, Processor

Format = Literal["json", "console"]

TEXT_LIMIT: Final = 4000
"""Characters of one value: kopf can name every object it knows in a single line."""
SAME_START: Final = 40
"""Characters by which a library's line is recognised: behind them comes one of a dozen addresses."""
REPEAT_SECONDS: Final = 60.0
"""A library says the same thing, numbers aside, at most once in this time."""

_QUIET: Final = {
    "kopf": logging.WARNING,
    "kubernetes": logging.WARNING,
    "asyncio": logging.WARNING,
    "opentelemetry": logging.WARNING,
}
"""The least level of libraries that have a line for every call or object. At level debug they are not held back."""
_SILENT: Final = ("aiohttp.access",)
_LIBRARIES: Final = (*_QUIET, "aiohttp")
_NUMBER: Final = re.compile(r"\d+")


def configure(log_format: Format = "json", level: str = "info", stream: TextIO | None = None) -> None:
    """Take over all logging of the process. May be called again; the last call counts."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(Restraint())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=_render(log_format, colours=stream.isatty())
        )
    )
    _install(handler, logging.getLevelNamesMapping()[level.upper()])


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(level if level <= logging.DEBUG else max(level, least))
    for name in _SILENT:
        logging.getLogger(name).disabled = True
    logging.captureWarnings(capture=True)


def _render(log_format: Format, *, colours: bool) -> list[Processor]:
    common: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, shorten]
    if log_format == "json":
        return [*common, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [*common, defuse, structlog.dev.ConsoleRenderer(colors=colours)]


def shorten(_: Any, __: str, line: EventDict) -> EventDict:
    for key, value in line.items():
        if isinstance(value, str) and len(value) > TEXT_LIMIT:
            line[key] = f"{value[:TEXT_LIMIT]}… ({len(value)} characters)"
    return line


def defuse(_: Any, __: str, line: EventDict) -> EventDict:
    """Escape what a terminal would obey: names and messages come from the cluster, and so from anyone. JSON does it anyway."""
    for key, value in line.items():
        if isinstance(value, str) and not value.isprintable():
            line[key] = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in value)
    return line


class Restraint(logging.Filter):
    """Libraries repeat themselves while a server is away, and print the traceback of an error that they also raise: it
    is then logged, in one line, by whoever catches it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".")[0] not in _LIBRARIES:
            return True
        if record.name.startswith("kopf"):
            record.exc_info = record.exc_text = None
        key = (record.name, _NUMBER.sub("#", record.getMessage())[:SAME_START])
        last = self._said.get(key)
        if last is not None and record.created - last < REPEAT_SECONDS:
            return False
        self._said[key] = record.created
        self._said.move_to_end(key)
        while len(self._said) > 256:
            self._said.popitem(last=False)
        return True
