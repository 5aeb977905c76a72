"""What this cluster has started: one small file per part, written the moment the part runs."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from planaria_cluster.processes import Process


@dataclass(frozen=True)
class Record:
    """`digest` stands for the command line, so that a changed one restarts the part."""

    part: str
    process: Process
    digest: str


class Ledger:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, part: str) -> Record | None:
        """The record of `part`, or None; a file that a killed run left half-written counts as none."""
        try:
            data = json.loads((self.folder / f"{part}.json").read_text())
            return Record(part, Process(**data["process"]), data["digest"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, record: Record) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{record.part}.new"
        fresh.write_text(json.dumps({"process": asdict(record.process), "digest": record.digest}))
        fresh.rename(self.folder / f"{record.part}.json")

    def forget(self, part: str) -> None:
        (self.folder / f"{part}.json").unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Record]:
        for file in sorted(self.folder.glob("*.json")):
            record = self.read(file.stem)
            if record is not None:
                yield record

    def alive(self, part: str) -> Process | None:
        """The living process of `part`, or None."""
        record = self.read(part)
        return record.process if record is not None and record.process.alive() else None


def digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
