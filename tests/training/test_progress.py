"""An hour of training is not silent where nobody looks at a terminal."""

import io

import pytest
from rich.console import Console

from planaria_policy.semantics.progress import PAUSE, Told
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def told(clock: Clock, *, terminal: bool) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=80)
    with Told(console, clock) as progress:
        task = progress.add_task("fitting", total=10)
        for number in range(10):
            clock.now += PAUSE / 3
            progress.update(task, advance=1, description=f"fitting (loss {number})")
    return [line for line in out.getvalue().splitlines() if " of 10" in line]


def test_a_log_has_a_line_every_minute(clock: Clock) -> None:
    assert told(clock, terminal=False) == [
        "fitting (loss 2): 3 of 10",
        "fitting (loss 5): 6 of 10",
        "fitting (loss 8): 9 of 10",
    ]


def test_a_terminal_has_the_bar_alone(clock: Clock) -> None:
    assert told(clock, terminal=True) == []


def test_what_is_counted_while_it_is_gone_through_is_told_too(clock: Clock) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=False, width=80)
    with Told(console, clock) as progress:
        for _ in progress.track(range(3), description="asking"):
            clock.now += PAUSE
    assert "asking: " in out.getvalue()
