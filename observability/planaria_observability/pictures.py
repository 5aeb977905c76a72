"""The dashboards as pictures: what Grafana would ask, asked of a real Prometheus; where Grafana would put it, drawn."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from planaria_observability import drawing
from planaria_observability.asking import Span, ask
from planaria_observability.panels import COLUMNS, Dashboard, to_json
from planaria_observability.prometheus import Prometheus, PrometheusMissing, QueryFailed, started

BEGIN: Final = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
HOURS: Final = 6.0
WIDTH, ROW_HEIGHT = 18.0, 0.46
"""Inches: of the whole, and of one of Grafana's rows."""
MARGIN: Final = 0.10
PAGE, CARD = "#f4f5f7", "#ffffff"
MISSING: Final = 2


def draw(boards: Mapping[str, Dashboard], out: Path, url: str | None, namespace: str) -> int:
    """0, or 2 where there is no Prometheus to ask."""
    try:
        if url:
            now = time.time()
            _draw_all(
                boards, out, Prometheus(url.rstrip("/")), Span(now - HOURS * 3600, now, namespace=namespace)
            )
        else:
            _play_and_draw(boards, out)
    except (PrometheusMissing, QueryFailed, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return MISSING
    return 0


def _play_and_draw(boards: Mapping[str, Dashboard], out: Path) -> None:
    from planaria_observability.play.history import recorded  # noqa: PLC0415  the models take a second to load
    from planaria_operator.telemetry.logs import configure  # noqa: PLC0415

    configure("console", "error")
    with TemporaryDirectory() as folder:
        sys.stdout.write(f"playing {HOURS:g} hours\n")
        asyncio.run(recorded(Path(folder), BEGIN, HOURS))
        with started(Path(folder)) as prometheus:
            end = BEGIN.timestamp() + HOURS * 3600 - 60
            _draw_all(boards, out, prometheus, Span(BEGIN.timestamp(), end))


def render(boards: Mapping[str, Dashboard], out: Path, prometheus: Prometheus, span: Span) -> Iterator[Path]:
    """dashboard-NAME.png for each. Raises QueryFailed."""
    out.mkdir(parents=True, exist_ok=True)
    for name, board in boards.items():
        path = out / f"dashboard-{name}.png"
        figure = _figure(board, prometheus, span)
        figure.savefig(path, dpi=80, facecolor=PAGE)
        plt.close(figure)
        yield path


def _draw_all(boards: Mapping[str, Dashboard], out: Path, prometheus: Prometheus, span: Span) -> None:
    for path in render(boards, out, prometheus, span):
        sys.stdout.write(f"wrote {path}\n")


def _figure(board: Dashboard, prometheus: Prometheus, span: Span) -> Figure:
    placed = json.loads(to_json(board))["panels"]
    rows = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in placed) + 2
    figure = plt.figure(figsize=(WIDTH, rows * ROW_HEIGHT))
    page = _Page(figure, rows)
    page.head(board, span)
    panels = iter(board.panels)
    for each in placed:
        if each["type"] == "row":
            page.row(each)
            continue
        panel = next(panels)
        axes = page.card(each, bare=panel.kind in {"stat", "bargauge"}, legend=panel.kind == "timeseries")
        drawing.draw(axes, panel, ask(prometheus, panel, span), span)
    return figure


class _Page:
    """Grafana's grid of 24 columns, in the figure's own coordinates."""

    def __init__(self, figure: Figure, rows: int) -> None:
        self._figure = figure
        self._rows = rows
        self._height = rows * ROW_HEIGHT

    def head(self, board: Dashboard, span: Span) -> None:
        begin, end = (datetime.fromtimestamp(at, UTC) for at in (span.begin, span.end))
        told = f"{begin:%Y-%m-%d %H:%M} to {end:%H:%M} UTC"
        top = 1 - 0.45 / self._height
        self._figure.text(0.008, top, board.title, fontsize=15, color=drawing.INK, weight="bold", va="center")
        self._figure.text(0.992, top, told, fontsize=10, color=drawing.FAINT, ha="right", va="center")

    def row(self, placed: Mapping[str, Any]) -> None:
        _, bottom, _, height = self._box(placed)
        self._figure.text(
            0.008, bottom + height / 2, f"▾ {placed['title']}", fontsize=11.5, color=drawing.INK, va="center"
        )

    def card(self, placed: Mapping[str, Any], *, bare: bool, legend: bool) -> Any:
        left, bottom, width, height = self._box(placed)
        across, up = MARGIN / WIDTH, MARGIN / self._height
        card = FancyBboxPatch(
            (left + across / 2, bottom + up / 2), width - across, height - up,
            boxstyle="square,pad=0", facecolor=CARD, edgecolor="#dfe3e7", linewidth=0.8, transform=self._figure.transFigure, zorder=-1,
        )  # fmt: skip
        self._figure.add_artist(card)
        head = 0.34 / self._height
        self._figure.text(
            left + 1.8 * across, bottom + height - head * 0.85, placed["title"], fontsize=9.5, color=drawing.INK, va="center", weight="medium",
        )  # fmt: skip
        aside = 0.02 if bare else 0.62 / WIDTH
        below = (0.05 if bare else 0.78 if legend else 0.34) / self._height
        inside = (left + 2 * across + (0 if bare else aside), bottom + up + below)
        size = (width - 4.5 * across - (0 if bare else aside), height - head * 1.35 - up - below)
        return self._figure.add_axes((*inside, *size))

    def _box(self, placed: Mapping[str, Any]) -> tuple[float, float, float, float]:
        place = placed["gridPos"]
        height = place["h"] / self._rows
        bottom = 1 - (place["y"] + 2) / self._rows - height
        return place["x"] / COLUMNS, bottom, place["w"] / COLUMNS, height
