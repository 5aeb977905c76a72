"""Long-lived processes that outlive this tool, known by pid *and* start time, never by name.

A pid alone is not an identity: after a crash or a reboot the same number may belong to anybody. Every signal that this
package sends goes through `Process.signal`, which checks the start time and the boot while holding a pidfd, so
that the number cannot change hands between the check and the signal.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from planaria_cluster.errors import ClusterError

PROC = Path("/proc")
_EXITING = 0x4  # PF_EXITING: the first process of a pid namespace may take a second to end all others


@dataclass(frozen=True)
class Process:
    """`start` is the kernel's start time in clock ticks since boot, `boot` the identity of that boot."""

    pid: int
    start: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> "Process":
        """The process that holds `pid` now. Raises ClusterError where there is none."""
        stat = _stat(pid)
        if stat is None:
            raise ClusterError(f"process {pid} ended right after its start")
        return cls(pid, stat.start, boot_id())

    def alive(self) -> bool:
        """Whether this very process still runs; one that is ending, or a stranger under the same pid, does not count."""
        stat = self._own_stat()
        return stat is not None and not stat.exiting

    def gone(self) -> bool:
        """Whether nothing but perhaps a zombie is left of it."""
        stat = self._own_stat()
        return stat is None or stat.state in ("Z", "X")

    def _own_stat(self) -> "_Stat | None":
        stat = _stat(self.pid)
        return stat if stat is not None and stat.start == self.start and self.boot == boot_id() else None

    def stopped(self) -> bool:
        """Whether it is held by SIGSTOP."""
        stat = self._own_stat()
        return stat is not None and stat.state in ("T", "t")

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; False, and nothing sent, where the process is gone or the pid is another's now."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.alive():
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def started_at(self) -> float:
        """Seconds since the epoch."""
        ticks = os.sysconf("SC_CLK_TCK")
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + self.start / ticks

    def end(self, grace: float = 5.0) -> None:
        """Ask with SIGTERM, insist with SIGKILL after `grace` seconds (0: at once), return when it is gone.

        Raises ClusterError where even that does not end it within 10 more seconds.
        """
        if grace > 0 and self.signal(signal.SIGTERM):
            self.signal(signal.SIGCONT)  # a stopped process would sit on SIGTERM for ever
            if self.gone_within(grace):
                return
        self.signal(signal.SIGKILL)
        if not self.gone_within(10):
            raise ClusterError(f"process {self.pid} does not end; it may wait for a device or a mount")

    def gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.gone():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def boot_id() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def marked(marker: str) -> list[Process]:
    """All living processes whose environment holds the line `marker`: ours, even where their record was lost."""
    wanted = marker.encode()
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        stat = _stat(int(entry.name))
        if wanted in environment.split(b"\0") and stat is not None and not stat.exiting:
            found.append(Process(int(entry.name), stat.start, boot_id()))
    return found


class _Stat(NamedTuple):
    state: str
    start: int
    exiting: bool


def _stat(pid: int) -> _Stat | None:
    """What the kernel says of a process, or None where there is no such one."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    return _Stat(fields[0], int(fields[19]), bool(int(fields[6]) & _EXITING))
