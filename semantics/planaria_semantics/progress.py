"""How far a command is, on a terminal and nowhere else: a log file has no use for a bar."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tick = Callable[[int], None]
"""Called with how much more is done."""


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Tick]:
    """`total` in the unit of the ticks; None where it is not known."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import Progress  # noqa: PLC0415
    except ModuleNotFoundError:  # comes with the extra `train`; the command works without it
        yield lambda _: None
        return
    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=total)
        yield lambda more: shown.advance(task, more)
