"""The policy that is served, and those before it: a folder of policy files and a pointer to one.

A new file is only taken after a self-test, what is served and was made anew as well; one that fails is left alone, counted
in the metrics, and told by /v1/model, until it is removed or made anew.
"""

from dataclasses import dataclass
from pathlib import Path

from planaria_policy.errors import BadData
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import SHIPPED, PolicyFile
from planaria_policy.serving.folder import BEFORE, PASSED, SERVED, SHIPPED_NAME, SUFFIX, Folder
from planaria_policy.serving.selftest import check


@dataclass(frozen=True)
class Refused:
    name: str
    why: str
    passing: bool = False
    """It could not even be read, and may be at the next look: a disk that is away for a moment, no permission."""


@dataclass(frozen=True)
class Served:
    name: str
    brain: Brain
    stamp: int
    """When its file had been changed as it was read."""


class Barred(BadData):
    """It was rolled back from."""

    def __init__(self, path: Path, checksum: str) -> None:
        super().__init__(f"{path}: was rolled back from")
        self.checksum = checksum


class Shelf:
    """`folder` None serves the shipped policy and nothing else."""

    def __init__(self, folder: Path | None = None) -> None:
        """Raises `BadData` where there is nothing fit to serve, or the folder cannot be read."""
        self.folder = folder
        self._files = Folder(folder)
        self.refused: dict[str, Refused] = {}
        """By name and time of change: a file that was read is not tried twice unless it changes."""
        self._barred: dict[str, str] = {}
        """Checksums, by name and time of change: such a file is not read at every look, and is as soon as a person unbars it."""
        self._unturned: str | None = None
        """What the pointer says still, because it may not be written: it is no wish of a person, and not followed."""
        try:
            self._served = self._first()
        except OSError as error:
            raise BadData(
                f"{folder}: cannot be read ({error.strerror}); mend that, or leave --policies out to serve the shipped policy"
            ) from error

    @property
    def name(self) -> str:
        return self._served.name

    @property
    def brain(self) -> Brain:
        return self._served.brain

    def look(self) -> bool:
        """Take what is served where it was made anew, else the newest file that was not seen before and passes; True
        where another is served now.

        Raises OSError where the folder cannot be read; the same policy is served on.
        """
        self.refused = {
            key: each
            for key, each in self.refused.items()
            if not each.passing and key == self._files.key(each.name)
        }
        pointed = self._files.read(SERVED)
        if pointed and pointed not in {self.name, self._unturned} and self._take(pointed):
            return True
        if self._made_anew() and self._take(self.name):
            return True
        for name in self._files.not_passed():
            if self._files.stamp(name) <= self._age_of_served():
                return False  # nothing is newer than what is served
            if self._take(name):
                return True
        return False

    def roll_back(self) -> str:
        """Serve what was served before, and never again what is served now, nor by itself what lies between; its name.

        Raises `BadData` where nothing was served before, it is not fit to be served now, or the folder may not be written.
        """
        before, now = self._files.read(BEFORE), self.name
        if before is None or before == now:
            raise BadData(f"{self.folder}: no policy was served before {now}; put one there as NAME{SUFFIX}")
        try:
            found = self._tested(before)
        except BadData as error:
            raise BadData(f"{error}; {now} is still served") from error
        try:
            self._files.bar(now, self.brain.manifest.checksum)
            self._files.write(PASSED, "\n".join(self._newer_than(found, but=now)))
            self._files.write(SERVED, before)
        except OSError as error:
            raise BadData(
                f"{self.folder}: may not be written ({error.strerror}); {now} is still served"
            ) from error
        self._served = found
        return before

    # --- inside

    def _newer_than(self, served: Served, *, but: str) -> list[str]:
        """Keys of what would be taken at the next look; `but`, which is barred, can be taken by unbarring it."""
        age = 0 if served.name == SHIPPED_NAME else served.stamp
        names = (name for name in self._files.newest_first() if name != but)
        return [self._files.key(name) for name in names if self._files.stamp(name) > age]

    def _first(self) -> Served:
        pointed = self._files.read(SERVED)
        for name in [*([pointed] if pointed else []), *self._files.not_passed()]:
            if found := self._fit(name):
                self._remember(name)
                return found
        brain = Brain(PolicyFile.load(SHIPPED))
        check(brain)
        return Served(SHIPPED_NAME, brain, 0)

    def _take(self, name: str) -> bool:
        found = self._fit(name)
        if found is None:
            return False
        self._remember(name, instead_of=self.name)
        self._served = found
        return True

    def _fit(self, name: str) -> Served | None:
        key = self._files.key(name)
        known = self._barred.get(key)
        if key in self.refused or (known and self._files.bars(name, known)):
            return None
        try:
            return self._tested(name)
        except Barred as error:
            self._barred[key] = error.checksum
            return None
        except BadData as error:
            passing = isinstance(error.__cause__, OSError)
            self.refused[key] = Refused(name, str(error), passing)
            return None

    def _tested(self, name: str) -> Served:
        """Raises `BadData` where it is not fit to be served, `Barred` where it was rolled back from."""
        path, stamp = self._files.path(name), self._files.stamp(name)
        file = PolicyFile.load(path)
        if self._files.bars(name, file.manifest.checksum):
            raise Barred(path, file.manifest.checksum)
        brain = Brain(file)
        check(brain)
        return Served(name, brain, stamp)

    def _remember(self, name: str, instead_of: str | None = None) -> None:
        """`instead_of`: what was served until now; the shipped policy, which no pointer names, is returned to by it."""
        served, self._unturned = self._files.read(SERVED), None
        if served == name:
            return
        before = served or instead_of
        try:
            if before and before != name:
                self._files.write(BEFORE, before)
            self._files.write(SERVED, name)
        except OSError:  # a folder that is mounted read-only cannot remember; serving goes on
            self._unturned = served

    def _made_anew(self) -> bool:
        return self.name != SHIPPED_NAME and self._files.stamp(self.name) not in {0, self._served.stamp}

    def _age_of_served(self) -> int:
        """0 where any policy that a person put into the folder goes before it: the shipped one, one whose file is gone."""
        return 0 if self.name == SHIPPED_NAME else min(self._served.stamp, self._files.stamp(self.name))
