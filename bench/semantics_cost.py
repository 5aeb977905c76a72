"""One window on one core, in a fresh process: `python -m bench.semantics_cost` prints what it measured as JSON."""

import json
import os
import resource
import subprocess
import sys
import time
from typing import Final

import numpy as np

from planaria_semantics.encoder import EncoderReader
from planaria_semantics.encoder.bundle import SHIPPED
from planaria_semantics.snippet import observe
from planaria_semantics.vllm.examples import EXAMPLES
from planaria_semantics.window import Window, build

WINDOWS: Final = 100
LINES: Final = 40
MIB: Final = 2**20
TEXTS: Final = tuple(dict.fromkeys(line for example in EXAMPLES for line in example.lines))
"""What programs print, of all classes: no two of one template."""


def window(number: int) -> Window:
    """40 lines of 40 templates, another choice for each number: nothing is remembered from one to the next."""
    texts = [f"{TEXTS[(number * 13 + at) % len(TEXTS)]} worker={number}" for at in range(LINES)]
    return build(observe(f"bench-{number}", "container_log", "\n".join(texts)))


def measure() -> dict[str, float]:
    """In a process of its own that has one core from its first instruction on, so that no library starts more threads."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else None
    if before:
        os.sched_setaffinity(0, {min(before)})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.semantics_cost"], capture_output=True, text=True, check=True
        )
    finally:
        if before:
            os.sched_setaffinity(0, before)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    started = time.perf_counter()
    reader = EncoderReader.load()
    loaded = time.perf_counter() - started
    windows = [window(number) for number in range(WINDOWS)]
    reader.judge(windows[0])
    wall, core = zip(*(_timed(reader, each) for each in windows), strict=True)
    found = {
        "load_seconds": loaded,
        "p50_ms": float(np.percentile(core, 50)) * 1000,
        "p95_ms": float(np.percentile(core, 95)) * 1000,
        "wall_p50_ms": float(np.percentile(wall, 50)) * 1000,
        "wall_p95_ms": float(np.percentile(wall, 95)) * 1000,
        "entries": float(np.mean([len(each.entries) for each in windows])),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "file_mib": SHIPPED.stat().st_size / MIB,
    }
    print(json.dumps(found))


def _timed(reader: EncoderReader, each: Window) -> tuple[float, float]:
    """Seconds on the clock, and of the core: others may share it with us."""
    started, used = time.perf_counter(), time.process_time()
    reader.judge(each)
    return time.perf_counter() - started, time.process_time() - used


if __name__ == "__main__":
    main()
