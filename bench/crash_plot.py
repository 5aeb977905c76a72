"""Where the kills fell, as a picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # a server has no screen
from matplotlib import pyplot as plt

from bench.crash_report import Row

BLUE, ORANGE, INK = "#0b6e99", "#d9730d", "#2f3437"


def draw(rows: Sequence[Row], title: str, out: Path) -> None:
    """One bar per station, in the order of the path: at exactly this station, and at a random moment after it."""
    figure, axes = plt.subplots(figsize=(9, 0.36 * len(rows) + 1.6), layout="constrained")
    places = range(len(rows) - 1, -1, -1)
    aimed = [row.aimed for row in rows]
    others = [row.incidents - row.aimed for row in rows]
    axes.barh(places, aimed, color=ORANGE, height=0.62, label="killed exactly there", zorder=2)
    axes.barh(places, others, left=aimed, color=BLUE, height=0.62, label="killed at a random moment after it", zorder=2)  # fmt: skip
    for place, row in zip(places, rows, strict=True):
        said = f"{row.incidents}, {row.lost} lost, {row.doubles} doubled"
        axes.annotate(said, (row.incidents, place), (6, 0), textcoords="offset points", va="center", fontsize=8, color=INK)  # fmt: skip
    axes.set_yticks(list(places), [row.station for row in rows], fontsize=9, color=INK)
    axes.set_xlim(0, max((row.incidents for row in rows), default=1) * 1.3)
    axes.set_xlabel("incidents hit by a kill, by the station that they had passed last", color=INK)
    axes.set_title(title, loc="left", color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#eceef0", zorder=0)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    plt.close(figure)
