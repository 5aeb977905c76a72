"""One panel on one pair of axes, looking much as Grafana would draw it."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import cycle, pairwise
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")  # a server has no screen
import numpy as np
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from planaria_observability.asking import Answer, Span
from planaria_observability.panels import Panel
from planaria_observability.prometheus import Series
from planaria_observability.units import said, step_for

INK, FAINT, LINES, EMPTY = "#24292e", "#70777f", "#e6e9ec", "#edf0f2"
PALETTE: Final = (
    "#3274d9",
    "#3fa45b",
    "#e8852b",
    "#8f6bd1",
    "#d9383e",
    "#30a7a0",
    "#c9a227",
    "#8e959e",
    "#d66ba0",
)
Named = tuple[str, Series]


def draw(axes: Axes, panel: Panel, answers: Sequence[Answer], span: Span) -> None:
    found = [(answer.legend(series), series) for answer in answers for series in answer.series]
    drawn: dict[str, Callable[[Axes, Panel, list[Named], Span], None]] = {
        "stat": _stat,
        "bargauge": _bar_gauge,
        "heatmap": _heatmap,
        "timeseries": _time_series,
    }
    if found:
        drawn[panel.kind](axes, panel, found, span)
    else:
        _blank(axes)
        axes.text(0.5, 0.5, "No data", transform=axes.transAxes, ha="center", va="center", color=FAINT)


def colour_at(value: float, panel: Panel) -> str:
    reached = [colour for limit, colour in panel.steps if limit is None or value >= limit]
    return reached[-1]


def _blank(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _stat(axes: Axes, panel: Panel, found: list[Named], _: Span) -> None:
    _blank(axes)
    series = found[0][1]
    value = series.points[-1][1]
    text, colour = said(value, panel.unit), colour_at(value, panel)
    if panel.show_name:
        text = ", ".join(name for name, _ in found)
    if value in panel.words:
        text, colour = panel.words[value]
    size = 26 if len(text) <= 8 else 17
    axes.text(
        0.5, 0.45, text, transform=axes.transAxes, ha="center", va="center", fontsize=size, color=colour
    )


def _bar_gauge(axes: Axes, panel: Panel, found: list[Named], _: Span) -> None:
    rows = [(name, series.points[-1][1]) for name, series in found][:9][::-1]
    most = panel.maximum or max((value for _, value in rows), default=1) or 1
    for place, (name, value) in enumerate(rows):
        axes.barh(place, most, height=0.62, color=EMPTY)
        axes.barh(place, min(value, most), height=0.62, color=colour_at(value, panel))
        axes.text(most * 1.02, place, said(value, panel.unit), va="center", fontsize=9, color=INK)
        axes.text(-most * 0.015, place, name, va="center", ha="right", fontsize=8.5, color=INK)
    widest = max(len(name) for name, _ in rows)
    axes.set_xlim(-most * min(0.9, 0.022 * widest + 0.02), most * 1.16)
    spare = max(0.0, 3 - len(rows)) / 2
    axes.set_ylim(-0.6 - spare, len(rows) - 0.4 + spare)
    _blank(axes)


def _time_series(axes: Axes, panel: Panel, found: list[Named], span: Span) -> None:
    rest = cycle(PALETTE)
    colours = [panel.colours.get(name) or next(rest) for name, _ in found]
    draw_them = _bars if panel.bars else _areas if panel.stacked else _curves
    draw_them(axes, found, colours, span.step(panel))
    _dress(axes, panel, span)
    if any(name for name, _ in found):
        widest = 0.35 + 0.062 * max(len(name) for name, _ in found)
        columns = max(1, int(axes.bbox.width / axes.figure.dpi / widest))
        axes.legend(
            loc="upper left", bbox_to_anchor=(-0.02, -0.13), ncols=columns, frameon=False, fontsize=7.5,
            handlelength=1, columnspacing=1.2, labelcolor=INK, borderpad=0.1,
        )  # fmt: skip


def _curves(axes: Axes, found: list[Named], colours: list[str], step: float) -> None:
    for (name, series), colour in zip(found, colours, strict=True):
        times, values = _whole(series, step)
        axes.plot(times, values, color=colour, linewidth=1.6, label=name)


def _whole(series: Series, step: float) -> tuple[list[Any], list[float]]:
    """With a gap wherever a point is missing, so that nothing is drawn that was not measured."""
    times, values = [_time(series.points[0][0])], [series.points[0][1]]
    for (before, _), (at, value) in pairwise(series.points):
        if at - before > 1.5 * step:
            times.append(_time(before + step))
            values.append(math.nan)
        times.append(_time(at))
        values.append(value)
    return times, values


def _areas(axes: Axes, found: list[Named], colours: list[str], _: float) -> None:
    grid = _grid(found)
    rows = [[dict(series.points).get(at, 0.0) for at in grid] for _, series in found]
    axes.stackplot([_time(at) for at in grid], rows, colors=colours, labels=[n for n, _ in found], alpha=0.8)


def _bars(axes: Axes, found: list[Named], colours: list[str], step: float) -> None:
    grid = _grid(found)
    bottom = np.zeros(len(grid))
    times = [_time(at) for at in grid]
    for (name, series), colour in zip(found, colours, strict=True):
        points = dict(series.points)
        heights = np.nan_to_num([points.get(at, 0.0) for at in grid])
        axes.bar(times, heights, width=0.85 * step / 86400, bottom=bottom, color=colour, label=name)
        bottom += heights


def _grid(found: list[Named]) -> list[float]:
    return sorted({at for _, series in found for at, _ in series.points})


def _heatmap(axes: Axes, panel: Panel, found: list[Named], span: Span) -> None:
    """Cumulative buckets become cells, as Grafana makes them of the format `heatmap`."""
    ordered = sorted(found, key=lambda each: float(each[0].replace("+Inf", "inf")))
    grid = _grid(ordered)
    table = np.array([[dict(series.points).get(at, 0.0) for at in grid] for _, series in ordered])
    cells = np.diff(table, axis=0, prepend=0).clip(min=0)
    filled = [index for index, row in enumerate(cells) if row.max() > 0.3]
    top = min(len(ordered), (max(filled) if filled else 0) + 2)
    step = span.step(panel)
    edges = [_time(at - step) for at in grid] + [_time(grid[-1])]
    axes.pcolormesh(mdates.date2num(edges), np.arange(top + 1), np.ma.masked_less(cells[:top], 0.3), cmap="Blues", vmin=-0.5)  # fmt: skip
    _dress(axes, panel, span)
    limits = [float(name.replace("+Inf", "inf")) for name, _ in ordered[:top]]
    every = max(1, top // 7)
    axes.set_yticks(
        range(1, top + 1, every),
        [f"≤ {said(limit, panel.unit)}" if limit < math.inf else "more" for limit in limits[::every]],
    )
    axes.set_ylim(0, top)


def _dress(axes: Axes, panel: Panel, span: Span) -> None:
    axes.set_xlim(_time(span.begin), _time(span.end))
    axes.xaxis.set_major_locator(mdates.AutoDateLocator(maxticks=7))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: said(value, panel.unit)))
    highest = axes.dataLim.y1
    top = panel.maximum or (highest if highest > 0 else 1.0)
    axes.set_ylim(0, 1.06 * top)
    axes.yaxis.set_major_locator(MultipleLocator(step_for(top, panel.unit)))
    axes.tick_params(labelsize=8, colors=FAINT, length=0)
    axes.grid(color=LINES, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def _time(at: float) -> Any:
    return datetime.fromtimestamp(at, UTC)
