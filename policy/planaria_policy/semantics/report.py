"""One evaluation run, as numbers for `--json`, rows for the terminal, goals for `--check`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from rich.table import Table

from planaria_contract import CLASSES
from planaria_policy.semantics.evaluate import Evaluation

GOALS: Final = {
    "accuracy": (">=", 0.85),
    "top2": (">=", 0.93),
    "calibration_error": ("<=", 0.05),
    "healthy": (">=", 0.97),
}
"""On held-out systems, for the encoder."""


def table(found: Sequence[Evaluation]) -> Table:
    shown = Table(title=f"Held-out systems, {len(found[0].truth)} windows", title_justify="left")
    shown.add_column("reader")
    for name in (
        "class accuracy",
        "top-2",
        "calibration error",
        "healthy called healthy",
        "faults called healthy",
        "p50 ms",
        "p95 ms",
    ):
        shown.add_column(name, justify="right")
    for each in found:
        scores = each.scores
        numbers = (scores.accuracy, scores.top2, scores.calibration_error, scores.healthy, scores.false_calm)
        times = [f"{np.percentile(each.milliseconds, q):.1f}" if each.milliseconds else "-" for q in (50, 95)]
        shown.add_row(each.name, *(f"{number:.3f}" for number in numbers), *times)
    return shown


def missed(found: Evaluation) -> list[str]:
    """The goals that are not met, each as one line."""
    scores = asdict(found.scores)
    return [
        f"{found.name}: {name} is {scores[name]:.3f}, the goal is {sign} {goal}"
        for name, (sign, goal) in GOALS.items()
        if not (scores[name] >= goal if sign == ">=" else scores[name] <= goal)
    ]


def numbers(found: Sequence[Evaluation], systems: Mapping[str, tuple[int, float]]) -> dict[str, Any]:
    return {
        "readers": {
            each.name: {key: _rounded(value) for key, value in asdict(each.scores).items()} for each in found
        },
        "classes": per_class(found[0]),
        "systems": {
            name: {"windows": windows, "accuracy": _rounded(share)}
            for name, (windows, share) in systems.items()
        },
        "novelty_false_alarm": _rounded(float(np.mean(found[0].unknown))) if found[0].unknown else None,
    }


def per_class(found: Evaluation) -> dict[str, dict[str, float | int]]:
    counts = found.confusion
    return {
        fault.value: {
            "windows": int(counts[at].sum()),
            "recall": _rounded(counts[at, at] / max(1, counts[at].sum())),
            "precision": _rounded(counts[at, at] / max(1, counts[:, at].sum())),
        }
        for at, fault in enumerate(CLASSES)
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)
