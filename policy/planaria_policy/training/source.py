"""Where rollouts come from: this process, or the workers of a Ray cluster."""

from typing import Any, Protocol

import torch

from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator.causes import CauseTable, shipped
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.generate import Sizes
from planaria_policy.simulator.inventing import with_invented
from planaria_policy.simulator.noise import blind, read_noise
from planaria_policy.training.collect import Rollout, collect
from planaria_policy.training.config import Config


class Source(Protocol):
    def collect(self, network: PolicyNetwork, draws: torch.Generator) -> Rollout:
        """One round of play."""
        ...

    def state(self) -> dict[str, Any]:
        """What `restore` needs to go on exactly; empty where that cannot be promised."""
        ...

    def restore(self, state: dict[str, Any]) -> None: ...


class Here:
    """Plays in this process, and goes on after a restart exactly where it was."""

    def __init__(self, config: Config, seed: int, device: str = "cpu") -> None:
        self.config = config
        self.environment = environment_of(config, seed, device)

    def collect(self, network: PolicyNetwork, draws: torch.Generator) -> Rollout:
        masked = not self.config.without_masks
        return collect(self.environment, network, self.config.horizon, draws, masked=masked)

    def state(self) -> dict[str, Any]:
        return self.environment.state()

    def restore(self, state: dict[str, Any]) -> None:
        self.environment.restore(state)


def table_of(config: Config, device: str = "cpu") -> CauseTable:
    """The written causes, and the invented ones behind them; of a held-out cause these have nothing."""
    known = shipped(device)
    if not config.invented:
        return known
    rows = tuple(row for row, name in enumerate(known.names) if name not in config.held_out)
    return with_invented(known, rows, config.invented, config.seed)


def environment_of(config: Config, seed: int, device: str = "cpu", size: int | None = None) -> Environment:
    """The environment that a run with this configuration plays in."""
    table = table_of(config, device)
    sizes = Sizes(services=config.services, nodes=config.nodes)
    if config.held_out:
        sizes = sizes.without({table.at(name) for name in config.held_out}, table)
    noise = blind(device) if config.without_semantics else read_noise(device=device)
    return Environment(size or config.incidents, seed, table=table, noise=noise, sizes=sizes)
