"""An operator that is killed again and again, and started again at once."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.subprocesses import stop_process

PROGRAM: Final = Path(__file__).resolve().parents[1] / "tests" / "e2e" / "dying_operator.py"
FINISH: Final = "finish"
STOP_SECONDS: Final = 30
LOOK_SECONDS: Final = 0.1
EARLY: Final = 0.15
"""The share of random kills that fall into the start of the process."""
UNBOUND: Final = ("--max-actions-per-hour", "1000000", "--max-acting", "1000")
"""The brakes of the whole operator would make most of the incidents wait; those of the policies stay on."""


@dataclass(frozen=True)
class Kill:
    """One SIGKILL."""

    at: float
    """Seconds since the epoch."""
    lived: float
    """Seconds since the process was started."""
    aimed: str
    """The station right after which the process killed itself; empty for a random moment."""
    caught: dict[str, str] = field(default_factory=dict)
    """Namespace of every incident that was open, and the last station that it had passed."""


async def stations() -> list[str]:
    """The names of all stations, from the operator itself."""
    command = (sys.executable, str(PROGRAM), "--stations")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    answer, _ = await process.communicate()
    return answer.decode().split()


class Mortal:
    """`wanted` kills in all: those that the names of the namespaces ask for, the rest at moments drawn from `seed`."""

    def __init__(self, kubeconfig: Path, folder: Path, *, seed: int, wanted: int, longest: float) -> None:
        """`folder` is for its log and markers. `longest`: seconds that a process may live once it has seen the cluster."""
        self.kills: list[Kill] = []
        self.told: Callable[[Kill], None] = lambda _: None
        self.starts: list[float] = []
        """Seconds that each process took until it had seen the cluster."""
        self.armed = False
        """Whether it is killed at random moments by now."""
        self.reserved: set[str] = set()
        """Namespaces over which it will still die by itself, as their names say."""
        self._kubeconfig, self._markers = kubeconfig, folder / "markers"
        self._markers.mkdir(parents=True, exist_ok=True)
        # An installed package has its compiled modules beside it; compiling takes longer than all else of a start.
        self._bytecode = folder / "bytecode"
        self._chance = random.Random(seed)
        self._wanted, self._longest = wanted, longest
        self._died_over: set[str] = set()
        self._log = _Log(folder / "operator.log")

    @property
    def start_seconds(self) -> float:
        return median(self.starts) if self.starts else 1.0

    @property
    def left(self) -> int:
        """Kills that are still to come at random moments."""
        return max(0, self._wanted - len(self.kills) - len(self.reserved))

    def spare(self) -> None:
        """From now on it is killed no more at random moments, however many were wanted."""
        self._wanted = 0

    async def live(self, done: asyncio.Event) -> None:
        """Until `done`. Raises EnvironmentalError where it ends in any other way than by being killed."""
        over = asyncio.ensure_future(done.wait())
        try:
            while not done.is_set():
                await self._one_life(over)
        finally:
            over.cancel()

    async def _one_life(self, over: "asyncio.Future[Any]") -> None:
        began, process = time.time(), await self._start()
        ended = asyncio.ensure_future(process.wait())
        until: list[asyncio.Future[Any]] = [ended, over]
        gone = asyncio.FIRST_COMPLETED
        try:
            # A part of them dies before it has seen anything; the others have something to be torn out of.
            early = self._mortal and self._chance.random() < EARLY
            if early:
                await asyncio.wait(
                    until, timeout=self._chance.uniform(0, self.start_seconds), return_when=gone
                )
            else:
                await self._until_synced(until)
                self.starts.append(time.time() - began)
            while not (over.done() or ended.done() or early):
                mortal = self._mortal
                life = self._chance.uniform(0, self._longest) if mortal else LOOK_SECONDS
                await asyncio.wait(until, timeout=life, return_when=gone)
                early = mortal
            if early and not (over.done() or ended.done()):
                process.kill()
                await ended
                self._note(began, "", "")
            elif ended.done():
                self._note(began, *self._own_death(process.returncode))
        finally:
            await stop_process(process, STOP_SECONDS)

    @property
    def _mortal(self) -> bool:
        return self.armed and self.left > 0

    async def _until_synced(self, until: "list[asyncio.Future[Any]]") -> None:
        while not (self._log.synced() or any(each.done() for each in until)):
            await asyncio.wait(until, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _start(self) -> asyncio.subprocess.Process:
        self._log.new_life()
        options = ("--kubeconfig", str(self._kubeconfig), "--listen", "127.0.0.1:0", *UNBOUND)
        with self._log.file.open("ab") as stream:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, str(PROGRAM), str(self._markers), *options),
                stdout=stream,
                stderr=stream,
                stdin=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPYCACHEPREFIX": str(self._bytecode), "PYTHONDONTWRITEBYTECODE": ""},
                start_new_session=True,
            )

    def _own_death(self, status: int | None) -> tuple[str, str]:
        """The station at which it killed itself, and the namespace over which."""
        marks = {mark.name: mark.read_text() for mark in self._markers.iterdir()}
        fresh = [name for name in marks if name not in self._died_over]
        if status != -signal.SIGKILL or not fresh:
            raise EnvironmentalError(f"the operator ended by itself with status {status}: {self._log.tail()}")
        self._died_over |= {*fresh}  # one that was killed by us in the same moment has left its mark too
        self.reserved -= {*fresh}
        return marks[fresh[0]], fresh[0]

    def _note(self, began: float, aimed: str, namespace: str) -> None:
        now, caught = time.time(), self._log.open_incidents()
        kill = Kill(now, now - began, aimed, caught | ({namespace: aimed} if aimed else {}))
        self.kills.append(kill)
        self.told(kill)


class _Log:
    """Where every incident stands, as far as the operator's log tells. Only for the table of what was hit, not for the judgement."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._offset = 0
        self._last: dict[str, str] = {}
        self._synced = False

    def new_life(self) -> None:
        self._synced = False

    def synced(self) -> bool:
        """Whether the process that runs now has seen the cluster."""
        self.open_incidents()
        return self._synced

    def open_incidents(self) -> dict[str, str]:
        if not self.file.exists():
            return {}
        with self.file.open("rb") as stream:
            stream.seek(self._offset)
            whole, newline, _ = stream.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            self._take(line)
        return dict(self._last)

    def _take(self, line: bytes) -> None:
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        self._synced = self._synced or said.get("event") == "synced"
        if said.get("event") != "passed":
            return
        namespace = str(said["incident"]).partition("/")[0]
        if said["station"] == FINISH:
            self._last.pop(namespace, None)
        else:
            self._last[namespace] = said["station"]

    def tail(self) -> str:
        lines = self.file.read_text(errors="replace").splitlines()
        return f"{' | '.join(lines[-3:])[-600:]} (all of it in {self.file})"
