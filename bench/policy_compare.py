"""Trains networks and plays them against the others on the same incidents."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from rich.progress import Progress

from bench import policy_maskable
from planaria_contract import CLASSES
from planaria_policy.memory import Memory
from planaria_policy.memory.rules import USUAL, Rules
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator import players
from planaria_policy.simulator.causes import shipped
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.generate import Sizes
from planaria_policy.simulator.noise import blind
from planaria_policy.simulator.players import Player
from planaria_policy.training.config import Config
from planaria_policy.training.play import Played, by_network, play
from planaria_policy.training.trainer import Trainer

INCIDENTS: Final = 20_000
FRESH: Final = 10_000_019
"""Added to a seed, so that no incident of training is played again."""
HELD_OUT: Final = ("runaway-thread", "stale-connections", "network-of-one-node", "model-too-large-for-the-device",
                   "rotated-secret-not-read", "spike-that-passes")  # fmt: skip
"""One cause each of six classes, kept from training whole."""
OTHERS: Final[dict[str, Player]] = {
    "do-nothing": players.do_nothing,
    "restart-always": players.restart_always,
    "rules": players.rules,
    "oracle": players.oracle,
}
TAKEN_AWAY: Final[dict[str, dict[str, Any]]] = {
    "policy": {},
    "without hierarchy": {"flat": True},
    "without bottleneck": {"bottleneck": 0.0},
    "without masks": {"without_masks": True},
    "without semantics": {"without_semantics": True},
    "with memory": {"memory": 0.1},
    "with memory, drawn evenly": {"memory": 0.1},
}
EVENLY: Final = Rules(alpha=0.0)
"""Of the memory of the last one: no priority counts (equation 10)."""


@dataclass
class Compared:
    """What every player made of the same incidents, seed by seed."""

    played: dict[str, list[Played]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return list(self.played)

    def means(self, name: str) -> dict[str, float]:
        parts = self.played[name]
        return {
            "return": _mean(parts, "returns"),
            "recovered": _mean(parts, "recovered"),
            "harmed": _mean(parts, "harmed"),
            "seconds": _mean(parts, "seconds"),
        }

    def scores(self, name: str) -> list[float]:
        """Of each seed: the share of the oracle's gain over doing nothing."""
        idle, best = self.played["do-nothing"], self.played["oracle"]
        means = ([float(part.returns.mean()) for part in parts] for parts in (self.played[name], idle, best))
        return [(mine - low) / (high - low) for mine, low, high in zip(*means, strict=True)]

    def score(self, name: str) -> float:
        return sum(self.scores(name)) / len(self.scores(name))

    def interval(self, name: str) -> tuple[float, float]:
        """(mean, two standard errors)."""
        scores = torch.tensor(self.scores(name), dtype=torch.float64)
        wide = float(scores.std() / len(scores) ** 0.5 * 2) if len(scores) > 1 else 0.0
        return float(scores.mean()), wide

    def harm(self, name: str) -> float:
        return self.means(name)["harmed"]

    @property
    def by_fault(self) -> dict[str, dict[str, float]]:
        """Mean return of each class's incidents, by player."""
        of = shipped().fault
        found: dict[str, dict[str, float]] = {}
        for index, fault in enumerate(CLASSES):
            row = {}
            for name, parts in self.played.items():
                returns = torch.cat([part.returns[of[part.cause] == index] for part in parts])
                if len(returns):
                    row[name] = float(returns.mean())
            if row:
                found[fault.value] = row
        return found

    @property
    def worse(self) -> list[str]:
        """Faults where the rules do better than the policy, by more than a twentieth of a minute."""
        return [fault for fault, row in self.by_fault.items() if row["policy"] < row["rules"] - 0.05]

    def as_json(self) -> dict[str, Any]:
        return {
            "players": {
                name: {"score": self.interval(name), "scores": self.scores(name), **self.means(name)}
                for name in self.names
            },
            "by_fault": self.by_fault,
        }


def families(seeds: int, steps: int, given: PolicyNetwork | None = None) -> Compared:
    """Every cause in training, fresh incidents; everybody who learns does so from `steps` decisions.

    `given` plays those of every seed, and nobody is trained.
    """
    found = Compared()
    with Progress(transient=True) as progress:
        for seed in range(1, seeds + 1):
            if given:
                _meet(found, {**OTHERS, "policy": by_network(given)}, seed, Sizes())
                continue
            config = Config(seed=seed, steps=steps)
            learned = {
                "MaskablePPO": policy_maskable.trained(config, progress),
                "policy": by_network(trained(config, progress)),
            }
            _meet(found, {**OTHERS, **learned}, seed, Sizes())
            _blindly(found, config, progress)
    return found


def _blindly(found: Compared, config: Config, progress: Progress) -> None:
    """One that never learns what the evidence means, on the same incidents."""
    name = "without semantics"
    network = trained(config.model_copy(update=TAKEN_AWAY[name]), progress)
    environment = Environment(INCIDENTS, config.seed + FRESH, noise=blind(), autoreset=False)
    found.played.setdefault(name, []).append(play(environment, by_network(network)))


def unseen(seeds: int, steps: int) -> Mapping[str, Compared]:
    """Causes that training never drew, and clusters larger than any it saw."""
    table = shipped()
    only = Sizes(causes=tuple(table.at(name) for name in HELD_OUT), compound=0.0)
    found = {"faults never seen": Compared(), "larger clusters": Compared()}
    with Progress(transient=True) as progress:
        for seed in range(1, seeds + 1):
            network = trained(Config(seed=seed, steps=steps, held_out=HELD_OUT), progress)
            everybody = {**OTHERS, "policy": by_network(network)}
            _meet(found["faults never seen"], everybody, seed, only)
            larger = Sizes(services=12, nodes=16, most_pods=24).without(set(only.causes or ()), table)
            _meet(found["larger clusters"], everybody, seed, larger)
    return found


def ablations(seeds: int, steps: int) -> Compared:
    found = Compared()
    with Progress(transient=True) as progress:
        for seed in range(1, seeds + 1):
            _meet(found, OTHERS, seed, Sizes())
            for name, change in TAKEN_AWAY.items():
                rules = EVENLY if name.endswith("evenly") else USUAL
                network = trained(Config(seed=seed, steps=steps, **change), progress, rules)
                sees = blind() if change.get("without_semantics") else None
                environment = Environment(INCIDENTS, seed + FRESH, noise=sees, autoreset=False)
                found.played.setdefault(name, []).append(play(environment, by_network(network)))
    return found


def trained(config: Config, progress: Progress, rules: Rules = USUAL) -> PolicyNetwork:
    """`rules`: of the memory, where the configuration gives it a weight."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Memory.open(Path(folder) / "memory.db", rules=rules) as memory,
    ):
        return learned(Trainer(config, memory=memory), progress, f"training, seed {config.seed}")


def learned(trainer: Trainer, progress: Progress, what: str) -> PolicyNetwork:
    task = progress.add_task(what, total=trainer.rounds)
    for done in trainer.run():
        progress.update(task, completed=done.number)
    progress.remove_task(task)
    network: PolicyNetwork = trainer.network.eval()
    return network


def _meet(found: Compared, everybody: Mapping[str, Player], seed: int, sizes: Sizes) -> None:
    for name, player in everybody.items():
        environment = Environment(INCIDENTS, seed + FRESH, sizes=sizes, autoreset=False)
        found.played.setdefault(name, []).append(play(environment, player))


def _mean(parts: list[Played], name: str) -> float:
    return float(torch.cat([getattr(part, name).float() for part in parts]).mean())
