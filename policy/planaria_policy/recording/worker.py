"""A thread with a memory of its own: whoever hands it work never waits for the database."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from planaria_policy.errors import PolicyError, Temporary
from planaria_policy.memory import Memory
from planaria_policy.memory.place import place

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
CLOSE_SECONDS: Final = 5.0


@dataclass(frozen=True, eq=False)
class _Job:
    work: Callable[[Memory], Any]
    done: Future[Any]


class Worker:
    """Does its work in the order in which it came. `patient`: work that fails for a reason that passes is done again until
    it succeeds, and what comes meanwhile waits; else every failure is told at once, and the database is left alone for
    a growing while.
    """

    def __init__(self, url: str, name: str, *, room: int, patient: bool) -> None:
        """`room`: how much work may wait. Nothing is opened before the first work."""
        self._url = url
        self._jobs: queue.Queue[_Job | None] = queue.Queue(room)
        self._patient = patient
        self._memory: Memory | None = None
        self._file = place(url).file
        self._inode: int | None = None
        self._closing = threading.Event()
        self._in_hand, self._lost = 0, 0
        self._failure: PolicyError | None = None
        self._pause, self._alone_until = FIRST_PAUSE, 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def trouble(self) -> str:
        """What the database said last; empty where the last work succeeded."""
        return str(self._failure) if self._failure else ""

    @property
    def waiting(self) -> int:
        """What is being tried is among it: while the database is away that waits as well."""
        return self._jobs.qsize() + self._in_hand

    def start(self) -> None:
        self._thread.start()

    def close(self) -> int:
        """Gives what waits its chance, for some seconds at most; how much was lost."""
        self._closing.set()
        until = time.monotonic() + CLOSE_SECONDS
        try:
            self._jobs.put(None, timeout=CLOSE_SECONDS)
            self._thread.join(max(0.0, until - time.monotonic()))
        except queue.Full:
            return self._lost + self.waiting
        return self._lost + (max(0, self.waiting - 1) if self._thread.is_alive() else 0)

    def put(self, work: Callable[[Memory], T]) -> Future[T] | None:
        """Never waits; None where there is no room. The future raises what the work raised."""
        job = _Job(work, Future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return None
        return job.done

    # --- in the thread

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._in_hand = 1
            if job.done.set_running_or_notify_cancel():
                self._do(job)
            self._in_hand = 0
        self._shut()

    def _do(self, job: _Job) -> None:
        while True:
            try:
                result = job.work(self._opened())
            except Temporary as error:
                self._failed(error)
                if self._patient and not self._closing.wait(self._pause):
                    continue
                self._lost += 1  # patience ends with the service
                job.done.set_exception(error)
            except PolicyError as error:
                self._failed(error)
                job.done.set_exception(error)
            except Exception as error:  # noqa: BLE001  a thread that ended would be a silent stop
                job.done.set_exception(error)
            else:
                self._failure, self._pause = None, FIRST_PAUSE
                job.done.set_result(result)
            return

    def _opened(self) -> Memory:
        if self._failure and not self._patient and time.monotonic() < self._alone_until:
            raise self._failure
        if self._memory is not None and self._inode != self._found():
            self._shut()  # another file lies there now: what is written to the old one nobody will read
        if self._memory is None:
            self._memory = Memory.open(self._url)
            self._inode = self._found()
        return self._memory

    def _found(self) -> int | None:
        """None for a server, and for a file that is gone."""
        try:
            return self._file.stat().st_ino if self._file else None
        except OSError:
            return None

    def _failed(self, error: PolicyError) -> None:
        """A file can be mended or replaced, a server can come back: the next work opens it anew."""
        if error is self._failure:
            return
        self._failure = error
        self._pause = min(LONGEST_PAUSE, self._pause * 2)
        self._alone_until = time.monotonic() + self._pause
        self._shut()

    def _shut(self) -> None:
        if self._memory is not None:  # its truth is its length, which is a question to the database
            self._memory.close()
            self._memory = None
