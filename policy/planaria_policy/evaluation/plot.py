"""The estimates side by side. The only module here that needs matplotlib."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from planaria_policy.errors import BadData
from planaria_policy.evaluation.evaluate import Report
from planaria_policy.evaluation.intervals import CONFIDENCE
from planaria_policy.evaluation.show import rows


def draw(report: Report, path: Path) -> None:
    """Returns above, differences below, each with its interval. Raises BadData where `path` cannot be written."""
    found = list(rows(report))
    figure, axes = plt.subplots(
        2, 1, figsize=(8, 1.6 + 0.35 * len(found)), layout="constrained", height_ratios=(len(found) - 2, 2)
    )
    for axis, some in zip(axes, (found[:-2], found[-2:]), strict=True):
        for at, (_, interval) in enumerate(some):
            axis.plot([interval.low, interval.high], [at, at], color="#4878a8", linewidth=2)
            axis.plot([interval.value], [at], "o", color="#4878a8")
        axis.set_yticks(range(len(some)), [name for name, _ in some])
        axis.margins(y=0.25)
        axis.invert_yaxis()
    axes[1].axvline(0, color="0.6", linewidth=1, linestyle="--")
    axes[0].set_title(
        f"{report.verdict.reason}: {report.incidents} incidents, {CONFIDENCE:.0%} intervals", fontsize=10
    )
    axes[1].set_xlabel("minutes of an incident")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:  # the latter for an ending that is no picture's
        raise BadData(f"--plot {path}: {error}") from error
    finally:
        plt.close(figure)
