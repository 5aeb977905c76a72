"""Files that are made from the models: written, or compared with what is there."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path


@dataclass(frozen=True)
class Arguments:
    out: Path
    check: bool


def arguments(description: str, out: Path, argv: list[str] | None) -> Arguments:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, default=out, help="folder of the files (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file has drifted")
    chosen = parser.parse_args(argv)
    return Arguments(out=chosen.out, check=chosen.check)


def settle(files: Mapping[Path, str], *, check: bool) -> int:
    """Write `files`, or with `check` show how those on disk differ. Returns the exit status."""
    drifted = False
    for path, text in files.items():
        if check:
            drifted |= _differs(path, text)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path}\n")
    if drifted:
        sys.stdout.write(
            "Generated files have drifted from the models; run the same command without --check.\n"
        )
    return int(drifted)


def _differs(path: Path, text: str) -> bool:
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    difference = unified_diff(
        there.splitlines(keepends=True), text.splitlines(keepends=True), str(path), "generated"
    )
    sys.stdout.writelines(difference)
    return there != text
