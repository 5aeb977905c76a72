"""Families of faults learned one after the other: how much of the first is lost, with remembered incidents and without."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from rich.progress import Progress

from bench.policy_compare import FRESH, INCIDENTS, learned
from planaria_contract import CLASSES
from planaria_policy.memory import Memory
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator import players
from planaria_policy.simulator.causes import shipped
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.generate import Sizes
from planaria_policy.simulator.players import Player
from planaria_policy.training.config import Config
from planaria_policy.training.play import by_network, play
from planaria_policy.training.trainer import Trainer

FIRST: Final = CLASSES[:8]
"""Classes of the first half of the training; the others make the second."""
WEIGHT: Final = 0.5
"""Lambda 3 while the second half is learned."""


@dataclass(frozen=True)
class Kept:
    """Scores of one seed: shares of the oracle's gain over doing nothing."""

    before: float
    """On the first half, when it had just been learned."""
    after: float
    """On the first half, when the second had been learned too."""
    second: float

    @property
    def lost(self) -> float:
        """Share of the first half's score."""
        return (self.before - self.after) / self.before


def measure(seeds: int, steps: int) -> dict[str, list[Kept]]:
    """`steps` decisions for each half. Returns what each seed kept, with the memory and without."""
    found: dict[str, list[Kept]] = {"with memory": [], "without memory": []}
    with Progress(transient=True) as progress:
        for seed in range(1, seeds + 1):
            for name, weight in (("with memory", WEIGHT), ("without memory", 0.0)):
                found[name].append(_one_after_the_other(seed, steps, weight, progress))
    return found


def as_json(found: dict[str, list[Kept]]) -> dict[str, Any]:
    return {name: [{**vars(each), "lost": each.lost} for each in kept] for name, kept in found.items()}


def _one_after_the_other(seed: int, steps: int, weight: float, progress: Progress) -> Kept:
    first, second = _halves()
    with tempfile.TemporaryDirectory() as folder, Memory.open(Path(folder) / "memory.db") as memory:
        # the first half only fills the memory
        config = Config(seed=seed, steps=steps, held_out=second, memory=weight and 1e-9)
        one = learned(Trainer(config, memory=memory), progress, "learning the first half")
        before = _score(one, second, seed)
        config = Config(seed=seed + FRESH, steps=steps, held_out=first, memory=weight)
        trainer = Trainer(config, memory=memory)
        trainer.network.load_state_dict(one.state_dict())
        both = learned(trainer, progress, "learning the second half")
        return Kept(before, _score(both, second, seed), _score(both, first, seed))


def _halves() -> tuple[tuple[str, ...], tuple[str, ...]]:
    table = shipped()
    first = tuple(
        name for name, fault in zip(table.names, table.fault.tolist(), strict=True) if CLASSES[fault] in FIRST
    )
    return first, tuple(name for name in table.names if name not in first)


def _score(network: PolicyNetwork, without: tuple[str, ...], seed: int) -> float:
    table = shipped()
    sizes = Sizes().without({table.at(name) for name in without}, table)

    def mean(player: Player) -> float:
        environment = Environment(INCIDENTS, seed + FRESH, sizes=sizes, autoreset=False)
        with torch.no_grad():
            return float(play(environment, player).returns.mean())

    idle, best = mean(players.do_nothing), mean(players.oracle)
    return (mean(by_network(network)) - idle) / (best - idle)
