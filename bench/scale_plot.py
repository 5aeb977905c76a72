"""What a large cluster costs, as a picture: how soon a storm is noticed, and memory by size."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # a server has no screen
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.scale_report import MOST_MIB, MOST_SECONDS, Measured, share

BLUE, ORANGE, GREY, INK = "#0b6e99", "#d9730d", "#c9ccd1", "#2f3437"


def draw(measured: Measured, rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    """`rows`: summaries of every size, this one among them."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.9), layout="constrained")
    _soon(left, measured)
    _memory(right, sorted(rows, key=lambda each: each["pods"]))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#eceef0", zorder=0)
        axes.set_axisbelow(True)
        axes.legend(frameon=False, fontsize=9, loc="lower right")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    plt.close(figure)


def _soon(axes: Axes, measured: Measured) -> None:
    """The share of all that had come so far, by the seconds since their pod changed."""
    for name, values, color in (
        ("its record", measured.latency.noticed, BLUE),
        ("the decision", measured.latency.decided, ORANGE),
    ):
        ordered = sorted(values)
        shares = [100 * (place + 1) / measured.failing for place in range(len(ordered))]
        label = f"{name}: p99 {share(ordered, 99):.1f} s"
        axes.step(ordered, shares, where="post", color=color, linewidth=2.2, label=label, zorder=2)
    axes.axvline(MOST_SECONDS, color=GREY, linewidth=1.5, linestyle="--", zorder=1)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 103)
    axes.set_xlabel("seconds since the pod changed", color=INK)
    axes.set_ylabel("% of incidents", color=INK)
    title = f"{measured.failing} workloads of {measured.size.pods} pods fall ill at once"
    axes.set_title(title, loc="left", fontsize=11, color=INK)


def _memory(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    pods = [row["pods"] for row in rows]
    for name, key, color in (
        ("while they fall ill", "busy_mib", ORANGE),
        ("while nothing happens", "quiet_mib", BLUE),
    ):
        values = [row[key] for row in rows]
        axes.plot(pods, values, color=color, marker="o", linewidth=2.2, label=name, zorder=2)
        for at, value in zip(pods, values, strict=True):
            axes.annotate(f"{value:.0f}", (at, value), (0, 7), textcoords="offset points", ha="center", fontsize=8, color=INK)  # fmt: skip
    axes.axhline(MOST_MIB, color=GREY, linewidth=1.5, linestyle="--", zorder=1)
    axes.set_xlim(0, max(pods) * 1.12)
    axes.set_ylim(0, max(MOST_MIB, *(row["busy_mib"] for row in rows)) * 1.15)
    axes.set_xlabel("simulated pods", color=INK)
    axes.set_ylabel("MiB", color=INK)
    axes.set_title("Memory of the operator, the most of each run", loc="left", fontsize=11, color=INK)
