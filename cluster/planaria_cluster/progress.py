"""One line per step with the seconds since the start; on a terminal the line of a long step counts on."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Prints to `stream`, default standard error, so that standard output stays for results."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream if stream is not None else sys.stderr
        self.began = time.monotonic()
        self.quiet = False

    @property
    def elapsed(self) -> float:
        """Seconds since this object was made."""
        return time.monotonic() - self.began

    def say(self, text: str) -> None:
        print(f"[{self.elapsed:5.1f}s] {text}", file=self.stream, flush=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Announce work that may last; nothing is printed at its end, the next line says that. Silent while `quiet`."""
        if self.quiet:
            yield
            return
        if not self.stream.isatty():
            self.say(f"{text} ...")
            yield
            return
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(text, done), daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
            print(file=self.stream, flush=True)

    def _tick(self, text: str, done: threading.Event) -> None:
        start = time.monotonic()
        at = self.elapsed
        while True:
            took = time.monotonic() - start
            tail = f" {took:.0f} s" if took >= 1 else ""
            print(f"\r[{at:5.1f}s] {text} ...{tail}", end="", file=self.stream, flush=True)
            if done.wait(0.5):
                return
