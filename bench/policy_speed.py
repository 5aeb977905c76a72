"""How fast the simulator and the trainer are: decisions a second on all cores of this machine."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count
from typing import Final

import torch

from planaria_policy.simulator import players
from planaria_policy.simulator.environment import Environment
from planaria_policy.training.config import Config
from planaria_policy.training.ray_source import LOCAL, RaySource
from planaria_policy.training.source import Here, Source
from planaria_policy.training.trainer import Trainer

SECONDS: Final = 10.0
INCIDENTS: Final = 4096


def measure() -> dict[str, float]:
    """Decisions a second; one process for each core plays, one process with all cores trains."""
    cores = cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        simulator = sum(pool.map(simulate, range(cores)))
    return {"cores": cores, "simulator": simulator, "training": train()}


def simulate(seed: int) -> float:
    """Decisions a second of one process on one core; the actions are fixed, so that only the simulator is measured."""
    torch.set_num_threads(1)
    environment = Environment(INCIDENTS, seed)
    rows = players.do_nothing(environment, environment.observe())
    rows[:, 1] = 0
    _play(environment, rows, 2.0)
    return _play(environment, rows, SECONDS)


def _play(environment: Environment, rows: torch.Tensor, seconds: float) -> float:
    begin, steps = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        environment.step(rows)
        steps += rows.shape[0]
    return steps / (time.perf_counter() - begin)


def on_ray(most: int = 2) -> dict[str, dict[str, float]]:
    """Decisions a second, played only and learned from too: in this process alone, and with 1 to `most` workers of Ray."""
    config = Config(steps=10**9)
    found = {"no Ray": _rates(config, Here(config, config.seed))}
    for workers in range(1, most + 1):
        source = RaySource(config, LOCAL, workers)
        try:
            found[f"{workers} worker{'s' * (workers > 1)}"] = _rates(config, source)
        finally:
            source.close()
    return found


def _rates(config: Config, source: Source) -> dict[str, float]:
    trainer = Trainer(config, source=source)
    source.collect(trainer.network, trainer.draws)  # workers load their libraries first
    begin, rounds = time.perf_counter(), 0
    while time.perf_counter() - begin < SECONDS:
        source.collect(trainer.network, trainer.draws)
        rounds += 1
    playing = rounds * config.incidents * config.horizon / (time.perf_counter() - begin)
    return {"playing": playing, "training": train(trainer)}


def train(trainer: Trainer | None = None) -> float:
    """Decisions a second that the trainer plays and learns from."""
    trainer = trainer or Trainer(Config(steps=10**9))
    rounds = trainer.run()
    next(rounds)
    before, begin = trainer.steps, time.perf_counter()
    while time.perf_counter() - begin < SECONDS:
        next(rounds)
    return (trainer.steps - before) / (time.perf_counter() - begin)
