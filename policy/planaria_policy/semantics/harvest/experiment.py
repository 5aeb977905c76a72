"""What a fault experiment is: how a fault is caused, and which lines of the output are the fault's."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planaria_contract import Fault
from planaria_policy.semantics.harvest.bench import Bench


@dataclass(frozen=True, slots=True)
class Experiment:
    name: str
    fault: Fault
    severity: int
    """0 nothing wrong, 1 degraded, 2 partly failing, 3 down."""
    cause: Callable[[Bench], str]
    """Causes the fault and returns what was printed. What it changes it undoes through `Bench.undo`,
    which runs when the experiment ends, however it ends."""
    signs: str = ""
    """Pattern of the lines that are the fault's; empty: all of them (the rule for healthy runs)."""
    kind: str = "container_log"
    whole: bool = False
    """The output is one message (a crash with its stack), not a log."""

    def shows(self, text: str) -> bool:
        return bool(re.search(self.signs, text))


@dataclass(frozen=True, slots=True)
class Program:
    """A system under experiment, and the executables without which it is skipped."""

    source: str
    needs: Sequence[str]
    experiments: Sequence[Experiment]
    prepare: Callable[[Bench], None] = lambda _: None
    """Run once before the first experiment, for what is compiled."""


@dataclass(frozen=True, slots=True)
class Case:
    """A row of a table: one named mode of a small program, tried in several styles of logging."""

    name: str
    fault: Fault
    severity: int
    signs: str = ""
    settings: Callable[[Bench], dict[str, str]] = lambda _: {}
    flags: tuple[str, ...] = ()

    def tried(self, how: str, cause: Callable[[Bench], str]) -> Experiment:
        """The experiment of this row, caused in one way; a program's whole output is its message."""
        return Experiment(f"{self.name}-{how}", self.fault, self.severity, cause, self.signs, whole=True)
