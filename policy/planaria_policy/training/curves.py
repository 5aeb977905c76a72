"""How a training run went, from the logs that it left: as a picture, and in figures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

mpl.use("Agg")  # a server has no screen
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from planaria_policy.errors import BadData

LOGS: Final = "logs"
EVERY: Final = 0
"""The accumulator's word for keeping all points, rather than a sample of them."""
PANELS: Final = {
    "play/return": "return of an incident (min)",
    "play/recovered": "recovered without a person",
    "play/harmed": "harmed",
    "play/decisions": "decisions an incident",
    "loss/entropy": "entropy (nats)",
    "loss/explained_variance": "variance that the value explains",
    "loss/approx_kl": "moved in a round (KL, nats)",
    "loss/bottleneck": "information through the bottleneck (nats)",
}
AROUND: Final = 0.02
"""Share of the run, on either side of a point, that its mean is taken over: a running mean would lag behind a short run."""

Real = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    steps: Real
    """[R] decisions so far."""
    values: Real
    """[R]."""

    @property
    def smooth(self) -> Real:
        """[R] mean of the values around each point; of those that there are at both ends."""
        near = np.ones(2 * int(AROUND * len(self.values)) + 1)
        count = np.convolve(np.ones_like(self.values), near, "same")
        return np.asarray(np.convolve(self.values, near, "same") / count)

    @property
    def end(self) -> float:
        """Mean of the last twentieth of the run."""
        return float(self.values[-max(1, len(self.values) // 20) :].mean())


def read_curves(run: Path) -> dict[str, Curve]:
    """The panels that the run logged. Raises BadData where the folder holds no logs of a training run."""
    logs = EventAccumulator(str(run / LOGS), size_guidance={"scalars": EVERY})
    if (run / LOGS).is_dir():
        logs.Reload()
    known = set(logs.Tags()["scalars"])
    if not known & set(PANELS):
        raise BadData(
            f"{run / LOGS}: no logs of a training run; name its folder, or train with planaria policy train"
        )
    return {name: _curve(logs, name) for name in PANELS if name in known}


def draw(curves: dict[str, Curve], path: Path) -> None:
    figure, axes = plt.subplots(2, 4, figsize=(14, 5.5), layout="constrained")
    for panel, (name, title) in zip(axes.flat, PANELS.items(), strict=True):
        if name in curves:
            _draw(panel, curves[name], title)
        else:
            panel.set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _draw(panel: Axes, curve: Curve, title: str) -> None:
    millions = curve.steps / 1e6
    panel.plot(millions, curve.values, color="tab:blue", alpha=0.25, linewidth=0.8)
    panel.plot(millions, curve.smooth, color="tab:blue", linewidth=1.6)
    panel.set_title(title, fontsize=10)
    panel.set_xlabel("million decisions", fontsize=8)
    panel.tick_params(labelsize=8)
    panel.grid(alpha=0.3)
    # The first rounds of an untrained network would squeeze everything that comes later.
    later = curve.values[len(curve.values) // 20 :]
    room = 0.1 * float(np.ptp(later)) or 0.1
    panel.set_ylim(float(later.min()) - room, float(later.max()) + room)


def _curve(logs: EventAccumulator, name: str) -> Curve:
    events = logs.Scalars(name)
    # A run that was killed wrote some rounds twice; the later is the one that counts.
    last = {event.step: event.value for event in events}
    steps = sorted(last)
    return Curve(np.array(steps, np.float64), np.array([last[step] for step in steps], np.float64))
