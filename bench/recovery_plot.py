"""The times of the recovery table as a picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # a server has no screen
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.recovery_report import Row

BLUE, ORANGE, GREY, INK = "#0b6e99", "#d9730d", "#c9ccd1", "#2f3437"


def draw(rows: Sequence[Row], out: Path) -> None:
    """One line per fault: applied, recovered, and how far Kubernetes alone got."""
    ordered = sorted(rows, key=lambda row: (row.recovered is None, row.recovered or 0), reverse=True)
    figure, axes = plt.subplots(figsize=(9, 0.52 * len(ordered) + 1.9), layout="constrained")
    for place, row in enumerate(ordered):
        _alone(axes, place, row)
        _healed(axes, place, row)
    _dress(axes, ordered)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    plt.close(figure)


def _alone(axes: Axes, place: int, row: Row) -> None:
    if row.alone_watched is None:
        return
    end = row.alone if row.alone is not None else row.alone_watched
    axes.plot([0, end], [place - 0.16] * 2, color=GREY, linewidth=5, solid_capstyle="butt", zorder=1)
    if row.alone is None:
        axes.plot(end, place - 0.16, marker=">", markersize=9, color=GREY, zorder=1)
        axes.annotate(f"not within {end:.0f} s", (end, place - 0.16), (9, 0), textcoords="offset points", va="center", fontsize=8, color="#7d8287")  # fmt: skip


def _healed(axes: Axes, place: int, row: Row) -> None:
    if row.applied is not None:
        axes.plot([0, row.applied], [place + 0.12] * 2, color=ORANGE, linewidth=2.4, zorder=2)
        axes.plot(row.applied, place + 0.12, marker="D", markersize=6, color=ORANGE, zorder=3)
    if row.recovered is not None:
        start = min(row.applied or 0, row.recovered)
        axes.plot([start, row.recovered], [place + 0.12] * 2, color=BLUE, linewidth=2.4, zorder=2)
        axes.plot(row.recovered, place + 0.12, marker="o", markersize=8, color=BLUE, zorder=3)
        axes.annotate(f"{row.recovered:.0f} s", (row.recovered, place + 0.12), (9, 0), textcoords="offset points", va="center", fontsize=9, color=INK)  # fmt: skip


def _dress(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_yticks(
        range(len(rows)), [f"{row.title}\n{row.actions}" for row in rows], fontsize=8.5, color=INK
    )
    axes.set_xlim(0, max((row.alone_watched or row.watched for row in rows), default=60) * 1.25)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("seconds since the fault was visible in the API", color=INK)
    axes.set_title("Real faults on a real cluster, until the workload is whole again", loc="left", color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#eceef0", zorder=0)
    axes.set_axisbelow(True)
    marks = [
        Line2D([], [], color=ORANGE, marker="D", linewidth=2.4, label="Planaria: action applied"),
        Line2D([], [], color=BLUE, marker="o", linewidth=2.4, label="Planaria: recovered"),
        Line2D([], [], color=GREY, linewidth=5, label="Kubernetes alone"),
    ]
    axes.figure.legend(handles=marks, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
