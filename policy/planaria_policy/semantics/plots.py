"""What people would rather look at than read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from planaria_contract import CLASSES
from planaria_policy.semantics.evaluate import Evaluation
from planaria_policy.semantics.scores import reliability


def draw_reliability(found: Sequence[Evaluation], path: Path) -> None:
    """Confidence said against share that was right; on the diagonal both agree."""
    figure, axis = plt.subplots(figsize=(6, 5.4), layout="constrained")
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, linestyle="--", label="honest")
    for each in found:
        bins = reliability(each.probabilities, each.truth)
        label = f"{each.name} (error {each.scores.calibration_error:.3f})"
        axis.plot(
            [b.confidence for b in bins], [b.accuracy for b in bins], marker="o", markersize=4, label=label
        )
    axis.set(xlabel="confidence that was said", ylabel="share that was right", xlim=(0, 1.01), ylim=(0, 1.01))
    axis.set_title(f"Calibration on held-out systems ({len(found[0].truth)} windows)")
    axis.legend(loc="upper left", frameon=False)
    _save(figure, path)


def draw_confusion(found: Evaluation, path: Path) -> None:
    """Rows are the truth; each row sums to 100 %."""
    counts = found.confusion
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [fault.value.replace("_", " ") for fault in CLASSES]
    figure, axis = plt.subplots(figsize=(9.5, 8.5), layout="constrained")
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(names)), names, rotation=55, ha="right")
    axis.set_yticks(range(len(names)), names)
    axis.set(xlabel="said", ylabel="true", title=f"{found.name}: what is said for what, % of the true class")
    for row, column in zip(*np.nonzero(shares >= 0.01), strict=True):
        dark = shares[row, column] > 0.5
        axis.text(
            column,
            row,
            f"{100 * shares[row, column]:.0f}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if dark else "black",
        )
    _save(figure, path)


def draw_systems(found: Mapping[str, tuple[int, float]], path: Path) -> None:
    """Accuracy of each held-out system."""
    ordered = sorted(found.items(), key=lambda item: item[1][1])
    figure, axis = plt.subplots(figsize=(7, 0.28 * len(ordered) + 1.2), layout="constrained")
    axis.barh(
        [f"{name} ({windows})" for name, (windows, _) in ordered],
        [share for _, (_, share) in ordered],
        color="#4878a8",
    )
    axis.axvline(0.85, color="0.4", linewidth=1, linestyle="--")
    axis.set(xlim=(0, 1), xlabel="class accuracy", title="Systems that training never saw (windows)")
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
