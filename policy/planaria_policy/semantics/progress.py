"""How far a long step is: bars on a terminal, and where there is none a line now and then."""

import time
from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress, TaskID

PAUSE: Final = 60.0
"""Seconds between two lines: an hour in a log of CI is sixty of them."""


class Told(Progress):
    """rich shows nothing of a bar before its end where nobody looks at a terminal: an hour of silence looks like a hang."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console=console)
        self._clock = clock
        self._told = clock()

    def update(self, task_id: TaskID, **change: Any) -> None:
        super().update(task_id, **change)
        self._tell(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        super().advance(task_id, advance)
        self._tell(task_id)

    def _tell(self, task_id: TaskID) -> None:
        if self.console.is_terminal or self._clock() - self._told < PAUSE:
            return
        self._told = self._clock()
        task = self._tasks[task_id]
        self.console.print(f"{task.description}: {task.completed:.0f} of {task.total:.0f}")
