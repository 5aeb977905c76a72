"""Numbers as Grafana writes them, in the few units that are used."""

import math
from itertools import count
from typing import Final

SECONDS: Final = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 86400.0)


def said(value: float, unit: str) -> str:
    if math.isnan(value):
        return "no data"
    if unit == "percentunit":
        return f"{value * 100:.0f} %"
    if unit == "s":
        return _seconds(value)
    if unit == "bytes":
        return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB"))
    if unit == "ops":
        return f"{value:.2g}/s"
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.2g}"


def _seconds(value: float) -> str:
    if value and abs(value) < 1:
        return f"{value * 1000:.3g} ms"
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if abs(value) >= size:
            return f"{value / size:.3g} {name}"
    return f"{value:.3g} s"


def _scaled(value: float, base: int, names: tuple[str, ...]) -> str:
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{value:.3g} {names[power]}"


def step_for(top: float, unit: str, *, most: int = 5) -> float:
    """A round distance between grid lines, so that at most `most` of them lie under `top`."""
    least = top / most
    if unit == "s" and least > 20:
        return next((step for step in SECONDS if step >= least), SECONDS[-1])
    if unit == "bytes":
        return float(2 ** math.ceil(math.log2(least)))
    step = next(
        part * 10.0**power
        for power in count(math.floor(math.log10(least)))
        for part in (1, 2, 2.5, 5, 10)
        if part * 10.0**power >= least * 0.999
    )
    return max(step, 1.0) if unit == "short" else step
