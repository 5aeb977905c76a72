"""Whole incidents, played by anybody: how a network and what it is compared with are measured."""

from dataclasses import dataclass

import torch

from planaria_policy.network.choosing import choose
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.observe import Sight
from planaria_policy.simulator.players import Player


@dataclass(frozen=True)
class Played:
    """B whole incidents, one row each."""

    returns: torch.Tensor
    """Minutes of full outage, negative."""
    recovered: torch.Tensor
    harmed: torch.Tensor
    seconds: torch.Tensor
    decisions: torch.Tensor
    cause: torch.Tensor
    """[B] row of the cause table, of the first cause."""


def by_network(network: PolicyNetwork) -> Player:
    """The likeliest action, as it is served."""

    @torch.no_grad()
    def decide(_environment: Environment, sight: Sight) -> torch.Tensor:
        return choose(network, sight.facts, sight.nodes, sight.legal)[0]

    return decide


def play(environment: Environment, player: Player) -> Played:
    """`environment` must not reset itself."""
    world = environment.world
    running = torch.ones(world.size, dtype=torch.bool, device=world.clock.device)
    returns, seconds, decisions = (torch.zeros(world.size, device=running.device) for _ in range(3))
    harmed, recovered = torch.zeros_like(running), torch.zeros_like(running)
    while running.any():
        step = environment.step(player(environment, environment.observe()))
        returns += step.reward * running
        seconds += step.seconds * running
        decisions += running
        harmed |= step.harmed & running
        recovered |= step.recovered & running
        running &= ~(step.terminated | step.truncated)
    return Played(returns, recovered, harmed, seconds, decisions, world.cause[:, 0])
