"""The policy that is served, and those before it: a folder of policy files and a pointer to one.

    policies/NAME.zip     any number; a trainer puts new ones here
    policies/served       the name of the one that is served
    policies/before       the one that was served before it, for `rollback`

A new file is only taken after a self-test; one that fails is left alone and named in the metrics and the log.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planaria_policy.errors import BadData
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import SHIPPED, PolicyFile
from planaria_policy.serving.selftest import check

SERVED, BEFORE, BARRED = "served", "before", "barred"
SUFFIX: Final = ".zip"


@dataclass(frozen=True)
class Refused:
    name: str
    why: str


class Shelf:
    """`folder` None serves the shipped policy and nothing else."""

    def __init__(self, folder: Path | None = None) -> None:
        """Raises `BadData` where there is nothing fit to serve."""
        self.folder = folder
        self.refused: dict[str, Refused] = {}
        """By name and time of change: a file is not tried twice unless it changes."""
        self.name, self.brain = self._first()

    def look(self) -> bool:
        """Take the newest file that was not seen before and passes; True where another is served now."""
        pointed = self._read(SERVED)
        if pointed and pointed != self.name and self._take(pointed):
            return True
        for path in self._newest_first():
            if path.stem == self.name or self._stamp(path) <= self._age_of_served():
                return False  # nothing is newer than what is served
            if path.stem not in self._barred() and self._take(path.stem):
                return True
        return False

    def roll_back(self) -> str:
        """Serve what was served before, and never again what is served now; its name. Raises `BadData` without one."""
        before = self._read(BEFORE)
        if self.folder is None or not before or not self._path(before).exists():
            raise BadData(f"{self.folder}: no earlier policy to return to; put one there as NAME{SUFFIX}")
        self._write(BARRED, "\n".join(sorted({*self._barred(), self.name})))
        self._write(SERVED, before)
        self.name = before
        return before

    # --- inside

    def _first(self) -> tuple[str, Brain]:
        pointed = self._read(SERVED)
        for name in [*([pointed] if pointed else []), *(path.stem for path in self._newest_first())]:
            brain = self._tested(name) if name not in self._barred() else None
            if brain:
                self._remember(name)
                return name, brain
        brain = Brain(PolicyFile.load(SHIPPED))
        check(brain)
        return "shipped", brain

    def _take(self, name: str) -> bool:
        brain = self._tested(name)
        if brain is None:
            return False
        self._remember(name)
        self.name, self.brain = name, brain
        return True

    def _tested(self, name: str) -> Brain | None:
        path = self._path(name)
        key = f"{name}@{self._stamp(path)}"
        if key in self.refused:
            return None
        try:
            brain = Brain(PolicyFile.load(path))
            check(brain)
        except BadData as error:
            self.refused[key] = Refused(name, str(error))
            return None
        return brain

    def _remember(self, name: str) -> None:
        served = self._read(SERVED)
        if served == name or self.folder is None:
            return
        if served:
            self._write(BEFORE, served)
        self._write(SERVED, name)

    def _newest_first(self) -> list[Path]:
        found = self.folder.glob(f"*{SUFFIX}") if self.folder else ()
        return sorted(found, key=self._stamp, reverse=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}" if self.folder and name != "shipped" else SHIPPED

    def _age_of_served(self) -> int:
        """Any policy that a person put into the folder goes before the shipped one, whatever its date."""
        return 0 if self.name == "shipped" else self._stamp(self._path(self.name))

    @staticmethod
    def _stamp(path: Path) -> int:
        return path.stat().st_mtime_ns if path.exists() else 0

    def _barred(self) -> set[str]:
        return set((self._read(BARRED) or "").split())

    def _read(self, pointer: str) -> str | None:
        if self.folder is None or not (self.folder / pointer).exists():
            return None
        return (self.folder / pointer).read_text(encoding="utf-8").strip() or None

    def _write(self, pointer: str, text: str) -> None:
        if self.folder is None:
            return
        beside = self.folder / f".{pointer}.new"
        try:
            beside.write_text(text + "\n", encoding="utf-8")
            os.replace(beside, self.folder / pointer)  # noqa: PTH105  atomic
        except OSError:
            return  # a folder that is mounted read-only cannot remember; serving goes on
