"""How much of the users' work is lost, from the causes at work and the way failures spread."""

import torch

from planaria_policy.simulator.causes import RESOURCES, CauseTable
from planaria_policy.simulator.generate import DAY
from planaria_policy.simulator.world import NEAR, TARGET, World


def traffic(world: World) -> torch.Tensor:
    """[B] the present load as a multiple of the day's mean: quiet at night, busiest in the afternoon."""
    return 1 - 0.4 * torch.cos(2 * torch.pi * (world.traffic_phase + world.clock) / DAY)


def loss_between(world: World, table: CauseTable, start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
    """[B, S] mean share of each service's work that is lost between two times [B] since the fault was visible.

    A cause counts for as long as it is at work in between, as grown as it is half-way.
    """
    length = (end - start).clamp(min=1e-6)[:, None]
    begins = torch.maximum(world.onset, world.quiet_until)
    at_work = torch.minimum(end[:, None], world.heals_at) - torch.maximum(start[:, None], begins)
    at_work = (at_work / length).clamp(0, 1) * ~world.cured
    return _spread_loss(world, table, (start + end) / 2, at_work)


def loss_now(world: World, table: CauseTable) -> torch.Tensor:
    """[B, S] share of each service's work that is lost at this moment."""
    return _spread_loss(world, table, world.clock, at_work(world).float())


def at_work(world: World) -> torch.Tensor:
    """[B, F] causes that do damage at this moment."""
    now = world.clock[:, None]
    return ~world.cured & (world.onset <= now) & (now >= world.quiet_until) & (now < world.heals_at)


def standing(world: World) -> torch.Tensor:
    """[B, F] causes that are there, though they may be quiet for the moment."""
    now = world.clock[:, None]
    return ~world.cured & (world.onset <= now) & (now < world.heals_at)


def own_loss(world: World, table: CauseTable, time: torch.Tensor, at_work: torch.Tensor) -> torch.Tensor:
    """[B, F] what each cause costs its service. More users make a shortage of CPU worse."""
    known = world.cause.clamp(min=0)
    grown = -torch.expm1((world.onset - time[:, None]).clamp(max=0) / table.grows[known])
    share = world.hit / world.total.clamp(min=1)[:, None]
    share = torch.where(table.dependency[known], 1.0, share)
    busy = torch.where(table.resource[known] == RESOURCES.index("cpu"), traffic(world)[:, None], 1.0)
    return (world.impact * share * grown * at_work * busy).clamp(0, 1)


def _spread_loss(world: World, table: CauseTable, time: torch.Tensor, at_work: torch.Tensor) -> torch.Tensor:
    lost = own_loss(world, table, time, at_work)
    near = table.dependency[world.cause.clamp(min=0)]
    serves = 1 - world.blip * (time < world.blip_ends)[:, None]
    serves[:, NEAR] *= (1 - lost * near).prod(1)
    serves[:, TARGET] *= (1 - lost * ~near).prod(1)
    for service in range(1, serves.shape[1]):  # a service depends only on services before it
        missing = world.coupling[:, service, :service] * (1 - serves[:, :service])
        serves[:, service] *= (1 - missing).prod(1)
    return 1 - serves


def unhealth(world: World, loss: torch.Tensor) -> torch.Tensor:
    """[B] from `loss` [B, S]: 1 where the target is down for all its users of a mean hour; others add theirs."""
    return (loss * world.weight).sum(1) * traffic(world)
