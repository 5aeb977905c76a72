"""What Grafana does before it draws: put its variables in, and ask."""

import math
import re
from dataclasses import dataclass
from typing import Final

from planaria_observability.panels import Panel, Query
from planaria_observability.prometheus import Prometheus, Series

SCRAPES: Final = 4
"""$__rate_interval is at least so many scrape intervals: https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/"""
POINTS: Final = 180
SHORTEST_BAR: Final = 300.0
_LEGEND: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Span:
    begin: float
    end: float
    """Unix times."""
    scrape: float = 60.0
    """Seconds between two scrapes."""
    shortest_bar: float = SHORTEST_BAR
    namespace: str = ".+"
    policy: str = ".+"

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    def step(self, panel: Panel) -> float:
        fine = self.scrape * math.ceil(self.seconds / POINTS / self.scrape)
        return max(fine, self.shortest_bar) if panel.bars or panel.kind == "heatmap" else fine


@dataclass(frozen=True, slots=True)
class Answer:
    query: Query
    series: list[Series]

    def legend(self, series: Series) -> str:
        if self.query.legend:
            return _LEGEND.sub(lambda match: series.labels.get(match[1], ""), self.query.legend)
        return ", ".join(f"{name}={value}" for name, value in sorted(series.labels.items()))


def filled(promql: str, span: Span, step: float) -> str:
    rate = max(step + span.scrape, SCRAPES * span.scrape)
    values = {
        "$__rate_interval": f"{rate:.0f}s",
        "$__interval": f"{step:.0f}s",
        "$__range": f"{span.seconds:.0f}s",
        "$namespace": span.namespace,
        "$policy": span.policy,
    }
    for name, value in values.items():
        promql = promql.replace(name, value)
    return promql


def ask(prometheus: Prometheus, panel: Panel, span: Span) -> list[Answer]:
    """Of every query its series, as the panel would get them. Raises QueryFailed."""
    step = span.step(panel)
    begin = step * math.floor(span.begin / step)  # on whole steps, as Grafana does
    found = []
    for query in panel.queries:
        promql = filled(query.promql, span, step)
        instant = panel.kind in {"stat", "bargauge"}
        series = (
            prometheus.at(promql, span.end) if instant else prometheus.over(promql, begin, span.end, step)
        )
        found.append(Answer(query, series))
    return found
