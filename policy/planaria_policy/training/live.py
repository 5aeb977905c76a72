"""A training run on the terminal: how far it is, and how well it plays by now."""

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from planaria_policy.training.trainer import Round

SHOWN: Final = {
    "play/return": ("return of an incident", "{:.3f} min"),
    "play/recovered": ("recovered", "{:.1%}"),
    "play/harmed": ("harmed", "{:.2%}"),
    "play/decisions": ("decisions an incident", "{:.2f}"),
    "loss/entropy": ("entropy", "{:.3f} nats"),
    "loss/approx_kl": ("moved (KL)", "{:.4f}"),
    "loss/clipped": ("clipped", "{:.1%}"),
    "loss/explained_variance": ("value explains", "{:.0%}"),
    "loss/bottleneck": ("bottleneck (KL)", "{:.1f} nats"),
}
SMOOTH: Final = 0.1


class Display:
    """A context manager; off a terminal it prints a line now and then instead."""

    def __init__(self, console: Console, rounds: int) -> None:
        self.console, self.rounds = console, rounds
        self.smooth: dict[str, float] = {}
        self._progress = Progress(
            TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self._task = self._progress.add_task("training", total=rounds)
        self._live = Live(self._progress, console=console, refresh_per_second=2)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def show(self, done: Round) -> None:
        for name, value in done.figures.items():
            self.smooth[name] = value + (self.smooth.get(name, value) - value) * (1 - SMOOTH)
        self._progress.update(self._task, completed=done.number)
        if self.console.is_terminal:
            self._live.update(Group(self._progress, figures(self.smooth)))
        elif done.number % max(1, self.rounds // 20) == 0 or done.number == self.rounds:
            self.console.print(f"round {done.number} of {self.rounds}: " + one_line(self.smooth))


def figures(smooth: Mapping[str, float]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, (title, form) in SHOWN.items():
        if name in smooth:
            table.add_row(title, form.format(smooth[name]))
    return table


def one_line(smooth: Mapping[str, float]) -> str:
    shown = ("play/return", "play/recovered", "play/harmed", "loss/entropy")
    return ", ".join(
        f"{SHOWN[name][0]} {SHOWN[name][1].format(smooth[name])}" for name in shown if name in smooth
    )
