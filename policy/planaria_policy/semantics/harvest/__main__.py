"""`python -m planaria_policy.semantics.harvest`: causes the faults and writes what the programs said."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.catalogue import PROGRAMS
from planaria_policy.semantics.harvest.experiment import Experiment, Program
from planaria_policy.semantics.harvest.redact import redact
from planaria_policy.semantics.harvest.windows import mask, observations

OUTPUT = Path(__file__).parents[1] / "corpus" / "harvested"
LARGEST = 400_000
"""Bytes of one file."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    counts: dict[str, Counter[str]] = {}
    silent: list[str] = []
    chosen = [program for program in PROGRAMS if not options.only or program.source in options.only]
    if not chosen:
        console.print(
            f"error: --only {' '.join(options.only)}: not one of {', '.join(p.source for p in PROGRAMS)}",
            style="red",
        )
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    with Progress(console=console) as progress:
        for program in chosen:
            missing = [name for name in program.needs if shutil.which(name) is None]
            if missing:
                console.print(
                    f"{program.source}: skipped, {', '.join(missing)} is not installed", style="yellow"
                )
                continue
            rows, failed = harvest(program, progress)
            silent += failed
            counts[program.source] = Counter(str(row["fault"]) for row in rows)
            write(options.output / f"{program.source}.jsonl", rows)
    console.print(_table(counts))
    for name in silent:
        console.print(f"gave nothing: {name}", style="yellow")
    return 0


def harvest(program: Program, progress: Progress) -> tuple[list[dict[str, str | int]], list[str]]:
    """Everything that the program's experiments gave, and the names of those that gave nothing."""
    rows: list[dict[str, str | int]] = []
    silent, seen = [], set[tuple[str, str]]()
    task = progress.add_task(program.source, total=len(program.experiments))
    with tempfile.TemporaryDirectory(prefix="harvest-") as name:
        shared = Path(name)
        shared.chmod(0o755)
        with Bench(shared / "built") as built:
            program.prepare(built)
            for number, experiment in enumerate(program.experiments):
                texts = _texts(experiment, shared / str(number), built.folder)
                # 503 and 429 differ in a number only, so what is alike is dropped within a class
                texts = [text for text in texts if (experiment.fault, mask(text)) not in seen]
                seen.update((experiment.fault, mask(text)) for text in texts)
                rows += [_row(program, experiment, at, text) for at, text in enumerate(texts, 1)]
                if not texts:
                    silent.append(f"{program.source} {experiment.name}")
                progress.advance(task)
    return rows, silent


def _texts(experiment: Experiment, folder: Path, shared: Path) -> list[str]:
    try:
        with Bench(folder, shared) as bench:
            output = redact(experiment.cause(bench), folder, shared)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{experiment.name}: {error}", file=sys.stderr)  # noqa: T201 - the others go on
        return []
    return list(observations(experiment, output))


def _row(program: Program, experiment: Experiment, at: int, text: str) -> dict[str, str | int]:
    return {
        "id": f"{program.source}/{experiment.name}/{at}",
        "source": program.source,
        "kind": experiment.kind,
        "fault": experiment.fault.value,
        "severity": experiment.severity,
        "text": text,
    }


def write(path: Path, rows: Sequence[dict[str, str | int]]) -> None:
    lines, size = [], 0
    for row in rows:
        line = json.dumps(row, ensure_ascii=False) + "\n"
        size += len(line.encode())
        if size > LARGEST:
            break
        lines.append(line)
    path.write_text("".join(lines), encoding="utf-8")


def _table(counts: dict[str, Counter[str]]) -> Table:
    table = Table("program", "observations", "healthy", "classes")
    for source, found in sorted(counts.items()):
        rest = ", ".join(f"{fault} {count}" for fault, count in found.most_common() if fault != "healthy")
        table.add_row(source, str(found.total()), str(found["healthy"]), rest)
    total = sum(counts.values(), Counter[str]())
    table.add_row("all", str(total.total()), str(total["healthy"]), f"{len(total)} classes")
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m planaria_policy.semantics.harvest",
        description="Cause faults in real programs on this machine (needs root, for small disks) and write what they said.",
        epilog="example: python -m planaria_policy.semantics.harvest --only redis",
    )
    parser.add_argument("--only", metavar="NAME", nargs="+", default=[], help="programs of the catalogue")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER", help="default: the corpus")
    return parser


if __name__ == "__main__":
    sys.exit(main())
