"""What lies in a folder of policies: files, by name and time of change, and pointers.

NAME.zip     any number; a trainer puts new ones here
served       the name of the one that is served
before       the one that was served before it, for `rollback`
barred       those that were rolled back from, a name and a checksum a line: they are not taken again
passed       those that were newer than what was returned to, a name and a time of change a line: they are not taken before a person
             changes them, or points to one
"""

from pathlib import Path
from typing import Final

from planaria_policy.serving.file import SHIPPED

SERVED, BEFORE, BARRED, PASSED = "served", "before", "barred", "passed"
SUFFIX: Final = ".zip"
SHIPPED_NAME: Final = "shipped"


class Folder:
    """`place` None holds nothing. Every method raises OSError where it cannot be read or written."""

    def __init__(self, place: Path | None) -> None:
        self._place = place

    def newest_first(self) -> list[str]:
        """Names of the policies."""
        found = [path.stem for path in self._place.glob(f"*{SUFFIX}")] if self._place else []
        return sorted(found, key=self.stamp, reverse=True)

    def path(self, name: str) -> Path:
        return self._place / f"{name}{SUFFIX}" if self._place and name != SHIPPED_NAME else SHIPPED

    def stamp(self, name: str) -> int:
        """When the file was changed, in nanoseconds; 0 where there is none."""
        try:
            return self.path(name).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def key(self, name: str) -> str:
        """Another one as soon as the file changes."""
        return f"{name}@{self.stamp(name)}"

    def bars(self, name: str, checksum: str) -> bool:
        """A line with a name alone, as they were written once, bars whatever bears it."""
        return not self._barred().isdisjoint({name, _line(name, checksum)})

    def bar(self, name: str, checksum: str) -> None:
        self.write(BARRED, "\n".join(sorted({*self._barred(), _line(name, checksum)})))

    def not_passed(self) -> list[str]:
        """Names, the newest first, without those that a rollback has passed over."""
        passed = set((self.read(PASSED) or "").splitlines())
        return [name for name in self.newest_first() if self.key(name) not in passed]

    def read(self, pointer: str) -> str | None:
        if self._place is None:
            return None
        try:
            return (self._place / pointer).read_text(encoding="utf-8", errors="replace").strip() or None
        except FileNotFoundError:
            return None

    def write(self, pointer: str, text: str) -> None:
        """Whole or not at all."""
        if self._place is None:
            return
        beside = self._place / f".{pointer}.new"
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(self._place / pointer)

    def _barred(self) -> set[str]:
        return set((self.read(BARRED) or "").splitlines())


def _line(name: str, checksum: str) -> str:
    return f"{name} {checksum}"
