"""Starting the cluster's programs so that they outlive this tool, and only where they do not run yet."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from planaria_cluster.bare import cgroups
from planaria_cluster.bare.settings import Settings
from planaria_cluster.errors import ClusterError, CommandError
from planaria_cluster.ledger import Ledger, Record, digest
from planaria_cluster.paths import make_folder
from planaria_cluster.processes import Process
from planaria_cluster.run import run

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENTER = Path(__file__).with_name("enter.py")


@dataclass(frozen=True)
class Program:
    """One part to run. `inside` is the process whose namespaces it joins; `unshare` gives it new ones.

    A change of `configuration`, such as the text of its configuration file, restarts it like a change of `argv`.
    """

    part: str
    argv: Sequence[str | Path]
    configuration: str = ""
    inside: Process | None = None
    unshare: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        home = f"{self.inside.pid}:{self.inside.start}" if self.inside else ""
        return digest(*(str(word) for word in self.argv), self.configuration, home)


class Launcher:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ledger = Ledger(settings.folder / "run")

    def log(self, part: str) -> Path:
        return self.settings.folder / "log" / f"{part}.log"

    def runs(self, program: Program) -> bool:
        """Whether exactly this program, with this configuration, is alive."""
        record = self.ledger.read(program.part)
        return record is not None and record.digest == program.digest and record.process.alive()

    def ensure(self, program: Program) -> bool:
        """Start the program unless it runs as asked; True where it had to be started or woken."""
        record = self.ledger.read(program.part)
        if record is not None and record.process.alive():
            if record.digest == program.digest:
                return self._wake(record.process)
            record.process.end()
        elif record is not None and not record.process.gone_within(10):
            raise ClusterError(f"{program.part} is ending and does not come to its end")
        self._start(program)
        return True

    def end(self, part: str, grace: float = 5.0) -> None:
        """End the part where it runs; forget it in any case."""
        process = self.ledger.alive(part)
        if process is not None:
            process.end(grace)
        self.ledger.forget(part)

    def tail(self, part: str, lines: int = 3) -> str:
        """The last lines of the part's log, for an error message."""
        try:
            text = self.log(part).read_text(errors="replace")
        except FileNotFoundError:
            return "(no log)"
        return " | ".join(text.strip().splitlines()[-lines:])

    def _wake(self, process: Process) -> bool:
        return process.stopped() and process.signal(signal.SIGCONT)

    def _start(self, program: Program) -> None:
        log = self.log(program.part)
        make_folder(log.parent)
        marker_name, _, marker_value = self.settings.marker.partition("=")
        environment = {
            "PATH": PATH,
            "HOME": "/root",
            marker_name: marker_value,
            "PLANARIA_PART": program.part,
        }
        cgroup = f"{self.settings.cgroup}/system"
        cgroups.create(cgroup)
        cgroups.favour(self.settings.cgroup)
        order = {
            "argv": [str(word) for word in program.argv],
            "env": {**environment, **program.environment},
            "log": str(log),
            "procs": [str(path) for path in cgroups.procs_files(cgroup)],
            "join": program.inside.pid if program.inside else 0,
            "unshare": program.unshare,
        }
        try:
            pid = run([sys.executable, "-I", "-S", _ENTER, json.dumps(order)], env={"LC_ALL": "C.UTF-8"})
        except CommandError as error:
            raise ClusterError(f"{program.part} cannot be started: {error.output.strip()[-300:]}") from error
        self.ledger.write(Record(program.part, Process.of(int(pid)), program.digest))


def inside(process: Process, argv: Sequence[str | Path], stdin: str | None = None) -> str:
    """Run a program to its end in a node's network namespace, with the host's files."""
    return run(["nsenter", f"--net=/proc/{process.pid}/ns/net", *argv], stdin=stdin, env={"PATH": _path()})


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:{PATH}"
