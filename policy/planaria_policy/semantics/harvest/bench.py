"""Where an experiment runs: its own folder, ports, small disks and processes, all of which end with it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

LIMIT = 30.0
"""Seconds that any command may take."""


@dataclass(frozen=True)
class Running:
    """A started process and the file that its output goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, seconds: float = LIMIT) -> bool:
        """Whether the output came to match; ends early when the process does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if re.search(pattern, self.output()):
                return True
            if self.process.poll() is not None:
                return bool(re.search(pattern, self.output()))
            time.sleep(0.05)
        return False

    def stop(self, how: int = signal.SIGTERM, seconds: float = 8) -> str:
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._kill()
        return self.output()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(LIMIT)


class Bench:
    def __init__(self, folder: Path, shared: Path | None = None) -> None:
        self.folder = folder
        self.shared = shared or folder
        """Outlives the experiment; what `Program.prepare` built is here."""
        self._undo = ExitStack()
        self._count = 0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def undo(self, action: Callable[[], object]) -> None:
        self._undo.callback(action)

    def start(
        self, command: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None
    ) -> Running:
        self._count += 1
        log = self.folder / f"output-{self._count}.log"
        with log.open("ab") as sink:  # programs that open /dev/stderr again must not overwrite it
            process = subprocess.Popen(
                list(command), stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder,
                start_new_session=True, env=_environment(env), user=user, group=user,
            )  # fmt: skip
        running = Running(process, log)
        self.undo(lambda: running.stop(seconds=5))
        return running

    def run(
        self, command: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None,
        seconds: float = LIMIT,
    ) -> str:  # fmt: skip
        """Everything that a command prints until it ends, or is ended."""
        running = self.start(command, user=user, env=env)
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(seconds)
        return running.stop(seconds=3)

    def port(self) -> int:
        """A port that is free now."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        return path

    def disk(self, size: str = "1m", *, full: bool = False, options: str = "") -> Path:
        """A file system of its own of that size; `full` fills it up."""
        self._count += 1
        path = self.folder / f"data-{self._count}"
        path.mkdir()
        chosen = f"size={size},mode=1777" + (f",{options}" if options else "")
        subprocess.run(["mount", "-t", "tmpfs", "-o", chosen, "tmpfs", path], check=True)
        self.undo(lambda: subprocess.run(["umount", "-l", path], check=False))
        if full:
            fill_up(path)
        return path

    def read_only(self, path: Path) -> None:
        subprocess.run(["mount", "-o", "remount,ro", path], check=True)


def fill_up(folder: Path) -> None:
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """As little of this machine as programs can run with."""
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": "/nonexistent", "TZ": "UTC", **(extra or {})}
