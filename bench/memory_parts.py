"""What is put into a trajectory memory and drawn from it, and how long that takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

import numpy as np
import torch

from planaria_policy.memory import Memory, Trajectory
from planaria_policy.simulator.causes import shipped
from planaria_policy.training.config import Config
from planaria_policy.training.replay import INCIDENTS, KEPT, remember
from planaria_policy.training.trainer import Trainer

DECISIONS: Final = 150_000
"""That the policy has learned from which acts in what is remembered: enough to heal most of it."""
DISTINCT: Final = 4096
DRAWS: Final = 40
"""Draws of `INCIDENTS` trajectories, and additions of `KEPT`, that are timed: a round of training has one of each."""


@dataclass
class Clock:
    """Seconds on the clock, and of our own core: others may share it, and a server has its own."""

    wall: dict[str, float] = field(default_factory=dict)
    core: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        wall, core = time.perf_counter(), time.process_time()
        yield
        self.wall[name] = time.perf_counter() - wall
        self.core[name] = time.process_time() - core


class _Basket:
    """Takes what the trainer would put into a memory."""

    def __init__(self) -> None:
        self.found: list[Trajectory] = []

    def add(self, trajectories: list[Trajectory]) -> None:
        self.found += trajectories


def simulated(progress: Callable[[float], None]) -> list[Trajectory]:
    """Whole simulated incidents, healed by a policy that has learned a little."""
    torch.set_num_threads(1)  # beside others a second one waits more than it works
    trainer = Trainer(Config(steps=DECISIONS))
    for done in trainer.run():
        progress(done.number / trainer.rounds / 2)
    basket = _Basket()
    memory: Any = basket  # of a memory only `add` is asked
    while len(basket.found) < DISTINCT:
        rollout = trainer.source.collect(trainer.network, trainer.draws)
        remember(memory, rollout, shipped(), len(basket.found))
        progress(0.5 + len(basket.found) / DISTINCT / 2)
    return basket.found[:DISTINCT]


def endless(some: list[Trajectory]) -> Iterator[Trajectory]:
    """The same again and again, each time as another incident."""
    number = 0
    while True:
        for each in some:
            yield replace(each, incident=f"bench-{number}", policy_version=number // KEPT)
            number += 1


def measure(
    url: str, some: list[Trajectory], count: int, progress: Callable[[float], None]
) -> dict[str, Any]:
    """Of a new memory at `url` with `count` trajectories in it, which is its capacity."""
    clock, coming = Clock(), endless(some)
    batches = [list(islice(coming, KEPT)) for _ in range(DRAWS)]
    with Memory.open(url, count) as memory:
        with clock.time("fill"):
            for begin in range(0, count, KEPT):
                memory.add(list(islice(coming, min(KEPT, count - begin))))
                progress(begin / count)
        full = len(memory)
        with clock.time("insert"):
            for batch in batches:
                memory.add(batch)
    with clock.time("open"):
        memory = Memory.open(url, count)
    with memory:
        _draw(memory, clock)
        stats = memory.stats()
    return {
        "trajectories": full,
        "after_more": stats.count,
        "bytes": stats.bytes,
        "decisions": float(np.mean([len(each.rows) for each in some])),
        **_figures(clock, count),
    }


def _draw(memory: Memory, clock: Clock) -> None:
    draws = np.random.default_rng(1)
    with clock.time("first_draw"):
        drawn = memory.sample(INCIDENTS, draws, 0.5)
    with clock.time("sample"):
        for _ in range(DRAWS):
            drawn = memory.sample(INCIDENTS, draws, 0.5)
    with clock.time("reprioritise"):
        for _ in range(DRAWS):
            memory.reprioritise(drawn.ids, draws.random(len(drawn)))
    facts = drawn.trajectories[0].facts[0]
    memory.nearest(facts, 3)
    with clock.time("nearest"):
        for _ in range(DRAWS):
            memory.nearest(facts + draws.normal(0, 0.1, len(facts)).astype(np.float32), 3)


def _figures(clock: Clock, count: int) -> dict[str, float]:
    each = {"fill": count, "insert": DRAWS * KEPT, "sample": DRAWS * INCIDENTS}
    each["reprioritise"] = DRAWS * INCIDENTS
    figures = {f"{name}_per_second": number / clock.wall[name] for name, number in each.items()}
    figures |= {f"{name}_core_us": clock.core[name] / number * 1e6 for name, number in each.items()}
    figures["nearest_ms"] = clock.wall["nearest"] / DRAWS * 1000
    return figures | {f"{name}_seconds": clock.wall[name] for name in ("open", "first_draw")}
