"""What the policy sees of a world: the figures of `spaces/sights.py`, and nothing that the operator could not know."""

from dataclasses import dataclass

import torch

from planaria_policy.simulator.masks import Legal, affected_on, legal
from planaria_policy.simulator.world import World
from planaria_policy.spaces.sights import FAULTS, YOUNG_SECONDS

LOG_DAYS = 16.0
"""Logarithm of the oldest age in seconds that is told apart: a hundred days."""


@dataclass(frozen=True)
class Sight:
    """B incidents, N candidate nodes."""

    facts: torch.Tensor
    """[B, len(SIGHTS)]."""
    nodes: torch.Tensor
    """[B, N, len(NODE_SIGHTS)]."""
    legal: Legal


def observe(world: World) -> Sight:
    may = legal(world)
    facts = torch.cat(
        [
            _semantics(world),
            world.symptoms,
            _usage(world),
            _facts(world),
            _history(world),
            may["category"].float(),
        ],
        1,
    )
    return Sight(facts=facts, nodes=_nodes(world), legal=may)


def _semantics(world: World) -> torch.Tensor:
    first = _one_hot(world.read) * world.confidence[:, None]
    second = _one_hot(world.second)
    return torch.cat(
        [first, second, torch.stack([world.confidence, world.novelty, world.severity / 3], 1)], 1
    )


def _one_hot(fault: torch.Tensor) -> torch.Tensor:
    return (fault[:, None] == torch.arange(len(FAULTS), device=fault.device)).float()


def _usage(world: World) -> torch.Tensor:
    known = world.measured & ~world.is_node
    others = known & (affected_count(world) < world.total)
    figures = ((world.memory, known), (world.siblings, others), (world.cpu, known))
    return torch.stack([part for value, there in figures for part in (value / 2 * there, there.float())], 1)


def affected_count(world: World) -> torch.Tensor:
    """[B] pods that show the fault."""
    return affected_on(world).sum(1)


def seen_pods(world: World) -> torch.Tensor:
    """[B] pods that the observation lists: of a node's incident only those on it."""
    return torch.where(world.is_node, affected_count(world), world.total)


def ready_count(world: World) -> torch.Tensor:
    """[B] pods that the workload counts as ready."""
    return world.total - (affected_count(world) * (1 - world.flap)).round()


def _facts(world: World) -> torch.Tensor:
    affected, total = affected_count(world), seen_pods(world)
    holds = affected_on(world) > 0
    one_node = (holds.sum(1) == 1) & ((world.pods > 0).sum(1) > 1) & ~world.is_node
    workload = ~world.is_node
    age = world.revision_age + world.clock
    some = (affected > 0) & (affected < total)
    columns = (
        total.float().log1p() / 4,
        affected / total.clamp(min=1),
        some,
        some & (affected == 1),
        world.movable,
        world.restarts.float().log1p() / 4,
        ready_count(world) / total.clamp(min=1) * workload,
        world.rolling & workload,
        (age < YOUNG_SECONDS) & workload,
        age.log1p().clamp(max=LOG_DAYS) / LOG_DAYS * workload,
        world.previous & workload,
        world.healed & workload,
        world.old_fine & workload,
        world.old_affected & workload,
        world.autoscaled & workload,
        world.broken & workload,
        world.at_zero & workload,
        (holds & ~world.node_ready).any(1),
        one_node,
        (holds & world.node_pressure).any(1),
        world.clock.log1p() / 8,
    )
    return torch.stack([column.float() for column in columns], 1)


def _history(world: World) -> torch.Tensor:
    categories = world.tried.shape[1]
    last = world.last[:, None] == torch.arange(categories, device=world.last.device)
    left = world.attempts_left.float()[:, None] / 5
    return torch.cat([world.tried.clamp(max=4) / 4, last.float(), left], 1)


def _nodes(world: World) -> torch.Tensor:
    holds = affected_on(world)
    total = seen_pods(world).clamp(min=1)[:, None]
    well = (world.pods - holds).clamp(min=0) * ~world.is_node[:, None]
    columns = (
        world.node_exists,
        world.node_ready,
        world.node_open & world.node_exists,
        world.node_pressure,
        holds > 0,
        holds / total,
        well / total,
    )
    return torch.stack([column.float() for column in columns], 2)
