"""Dashboards as data, and as the JSON that Grafana reads.

Plain dictionaries instead of grafana-foundation-sdk: its releases on PyPI follow Grafana 10.1, and what is needed here is
four kinds of panel. The fields are those of https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Json = dict[str, Any]
Kind = Literal["timeseries", "stat", "bargauge", "heatmap"]

SCHEMA_VERSION: Final = 41
"""Of Grafana 11.6 and 12; newer ones migrate it when they load it."""
COLUMNS: Final = 24
DATASOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}

BLUE, GREEN, ORANGE, RED, VIOLET, GREY = "#3274d9", "#3fa45b", "#e8852b", "#d9383e", "#8f6bd1", "#8e959e"
BAD_AT_ONE: Final = ((None, GREEN), (1.0, ORANGE))
Steps = tuple[tuple[float | None, str], ...]


@dataclass(frozen=True, slots=True)
class Query:
    promql: str
    legend: str = ""
    """With `{{label}}` for a label's value; empty shows all labels."""


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    description: str
    """What it shows and what to do about it, for whoever has never seen it."""
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    unit: str = "short"
    """As Grafana calls it: short, s, percentunit, bytes, ops."""
    width: int = 8
    height: int = 7
    bars: bool = False
    stacked: bool = False
    steps: Steps = ((None, BLUE),)
    """Colours from a value on; None is the lowest."""
    words: Mapping[float, tuple[str, str]] = field(default_factory=dict)
    """Stat: a text and its colour for a value."""
    colours: Mapping[str, str] = field(default_factory=dict)
    """By legend."""
    show_name: bool = False
    """Stat: a label's value in place of the number."""
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    uid: str
    title: str
    description: str
    policies: bool
    """Whether a policy can be picked."""
    rows: tuple[Row, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(panel for row in self.rows for panel in row.panels)


def to_json(board: Dashboard) -> str:
    body: Json = {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["planaria", "kubernetes"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "timezone": "browser",
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": []},
        "links": [_link()],
        "templating": {"list": _variables(policies=board.policies)},
        "panels": _laid_out(board.rows),
    }
    return json.dumps(body, indent=2) + "\n"


def _link() -> Json:
    return {
        "title": "Planaria",
        "type": "dashboards",
        "tags": ["planaria"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
    }


def _variables(*, policies: bool) -> list[Json]:
    datasource = {"name": "datasource", "type": "datasource", "label": "Prometheus", "query": "prometheus"}
    found = [
        {**datasource, "current": {}, "hide": 0, "regex": ""},
        _of_labels(
            "namespace",
            "Namespace",
            "planaria_build_info",
            "namespace",
            "Where the operator runs.",
            several=False,
        ),
    ]
    if policies:
        metric = 'planaria_budget_limit_actions{namespace=~"$namespace"}'
        found.append(
            _of_labels(
                "policy", "Policy", metric, "policy", "HealingPolicies, as namespace/name.", several=True
            )
        )
    return found


def _of_labels(name: str, label: str, metric: str, of: str, description: str, *, several: bool) -> Json:
    asked = f"label_values({metric}, {of})"
    return {
        "name": name,
        "type": "query",
        "label": label,
        "description": description,
        "datasource": DATASOURCE,
        "definition": asked,
        "query": {"query": asked, "refId": name},
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "multi": several,
        "includeAll": several,
        "allValue": ".+" if several else None,
        "current": {"text": "All", "value": "$__all"} if several else {},
    }


def _laid_out(rows: Sequence[Row]) -> list[Json]:
    """From left to right and top to bottom, as one reads."""
    made: list[Json] = []
    top = 0
    for row in rows:
        place = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
        made.append({"id": len(made) + 1, "type": "row", "title": row.title, "collapsed": False, "gridPos": place, "panels": []})  # fmt: skip
        top, left, tallest = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
            made.append({"id": len(made) + 1, "gridPos": place, **_panel(panel)})
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
    return made


def _panel(panel: Panel) -> Json:
    targets = [
        {
            "refId": chr(ord("A") + index),
            "datasource": DATASOURCE,
            "expr": query.promql,
            "legendFormat": query.legend or "__auto",
            "instant": panel.kind in {"stat", "bargauge"},
            "range": panel.kind in {"timeseries", "heatmap"},
            "format": "heatmap" if panel.kind == "heatmap" else "time_series",
        }
        for index, query in enumerate(panel.queries)
    ]
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "interval": "5m" if panel.bars or panel.kind == "heatmap" else None,
        "targets": targets,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": _overrides(panel)},
        "options": _options(panel),
    }


def _defaults(panel: Panel) -> Json:
    steps = [{"color": colour, "value": value} for value, colour in panel.steps]
    by_threshold = panel.kind in {"stat", "bargauge"}
    texts = {
        f"{value:g}": {"text": text, "color": colour, "index": index}
        for index, (value, (text, colour)) in enumerate(panel.words.items())
    }
    found: Json = {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "thresholds" if by_threshold else "palette-classic"},
        "mappings": [{"type": "value", "options": texts}] if texts else [],
    }
    if panel.unit == "short":
        found["decimals"] = 0  # what increase() extrapolates is a count all the same
    if panel.maximum is not None:
        found["max"] = panel.maximum
    if panel.kind == "timeseries":
        found["custom"] = {
            "drawStyle": "bars" if panel.bars else "line",
            "fillOpacity": 80 if panel.bars else 35 if panel.stacked else 5,
            "lineWidth": 0 if panel.bars else 2,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        }
    return found


def _overrides(panel: Panel) -> list[Json]:
    return [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for name, colour in panel.colours.items()
    ]


def _options(panel: Panel) -> Json:
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if panel.kind == "stat":
        mode = "name" if panel.show_name else "value"
        return {"reduceOptions": last, "colorMode": "value", "graphMode": "none", "textMode": mode}
    if panel.kind == "bargauge":
        return {
            "reduceOptions": last,
            "orientation": "horizontal",
            "displayMode": "basic",
            "showUnfilled": True,
        }
    if panel.kind == "heatmap":
        scheme = {"mode": "scheme", "scheme": "Blues", "steps": 64, "exponent": 0.5}
        return {"calculate": False, "color": scheme, "yAxis": {"unit": panel.unit}, "cellGap": 1}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
