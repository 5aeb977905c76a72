"""Measured and simulated seconds, beside each other."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # a server has no screen
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from planaria_policy.simulator.recovery import Row
from planaria_policy.simulator.rehearsal import Pair

BLUE, ORANGE, GREY, INK = "#0b6e99", "#d9730d", "#b4b8be", "#2f3437"
ABOVE, BELOW = 0.17, -0.17


def draw(pairs: Sequence[Pair], out: Path, measured: str) -> None:
    """Two lines for each scenario: measured above, simulated below. `measured` says where and when."""
    ordered = sorted(pairs, key=lambda pair: pair.row.recovered or 0, reverse=True)
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(ordered) + 1.7), layout="constrained")
    for place, pair in enumerate(ordered):
        _measured(axes, place + ABOVE, pair.row)
        _simulated(axes, place + BELOW, pair)
    _dress(axes, ordered, measured)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150)
    plt.close(figure)


def _measured(axes: Axes, place: float, row: Row) -> None:
    assert row.applied is not None
    assert row.recovered is not None
    axes.plot([row.applied, row.recovered], [place] * 2, color=BLUE, linewidth=2.4, zorder=2)
    axes.plot(row.applied, place, marker="D", markersize=5, color=ORANGE, zorder=3)
    axes.plot(row.recovered, place, marker="o", markersize=7.5, color=BLUE, zorder=4)
    _say(axes, row.recovered, place, f"{row.recovered:.0f} s", BLUE)


def _simulated(axes: Axes, place: float, pair: Pair) -> None:
    axes.plot([pair.low, pair.high], [place] * 2, color=GREY, linewidth=6, solid_capstyle="butt", zorder=1)
    axes.plot(pair.middle, place, marker="|", markersize=11, markeredgewidth=2.4, color=INK, zorder=3)
    _say(axes, pair.high, place, f"{pair.middle:.0f} s", INK)


def _say(axes: Axes, at: float, place: float, text: str, color: str) -> None:
    axes.annotate(
        text, (at, place), (8, 0), textcoords="offset points", va="center", fontsize=8.5, color=color
    )


def _dress(axes: Axes, pairs: Sequence[Pair], measured: str) -> None:
    names = [f"{pair.row.name}\n{pair.row.action}" for pair in pairs]
    axes.set_yticks(range(len(pairs)), names, fontsize=8.5, color=INK)
    axes.set_xlim(0, max((max(pair.row.recovered or 0, pair.high) for pair in pairs), default=30) * 1.1)
    axes.set_ylim(-0.6, len(pairs) - 0.4)
    axes.set_xlabel("seconds since the fault was visible", color=INK)
    axes.set_title(f"The simulator beside the real cluster\n{measured}", loc="left", color=INK, fontsize=10.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#eceef0", zorder=0)
    axes.set_axisbelow(True)
    bar = {"color": INK, "marker": "|", "markersize": 11, "markeredgewidth": 2.4}
    marks = [
        Line2D([], [], color=ORANGE, marker="D", markersize=5, linewidth=0, label="measured: applied"),
        Line2D([], [], color=BLUE, marker="o", markersize=7.5, linewidth=2.4, label="measured: recovered"),
        Line2D([], [], linewidth=0, label="simulated: median", **bar),  # type: ignore[arg-type]
        Line2D([], [], color=GREY, linewidth=6, label="simulated: 10-90 %"),
    ]
    axes.figure.legend(handles=marks, loc="outside lower center", ncols=4, frameon=False, fontsize=8.5)
