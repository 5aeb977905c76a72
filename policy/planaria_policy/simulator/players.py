"""Players to compare with: one that knows the hidden cause, the runbook, and two that do not think.

A player is a function from a world and what is seen of it to actions. The runbook is the operator's, written once more
over tensors; `tests/policy/test_runbook_player.py` holds the two to the same decisions.
"""

from collections.abc import Callable
from typing import Final

import torch

from planaria_contract import Action
from planaria_policy.simulator.causes import CauseTable
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.health import own_loss, standing, traffic
from planaria_policy.simulator.masks import AT, affected_on
from planaria_policy.simulator.observe import Sight
from planaria_policy.simulator.reward import costs
from planaria_policy.simulator.runbook import runbook
from planaria_policy.simulator.world import World
from planaria_policy.spaces.choices import COLUMN, DRAINS, HEADS, SCALES, SCOPES, SIZES, WAITS

Player = Callable[[Environment, Sight], torch.Tensor]
"""Returns [B, 1 + heads], legal."""

BIG: Final = 1e9


def rows_of(category: torch.Tensor) -> torch.Tensor:
    """[B, 1 + heads] with every parameter at its first choice."""
    rows = torch.zeros(category.shape[0], 1 + len(HEADS), dtype=torch.long, device=category.device)
    rows[:, 0] = category
    return rows


def do_nothing(_environment: Environment, sight: Sight) -> torch.Tensor:
    """Waits as long as it may; hands over only where nothing else is legal."""
    rows = rows_of(
        torch.where(sight.legal["category"][:, AT[Action.NONE]], AT[Action.NONE], AT[Action.ESCALATE])
    )
    rows[:, COLUMN["wait"]] = len(WAITS) - 1
    return rows


def restart_always(_environment: Environment, sight: Sight) -> torch.Tensor:
    """Restarts what shows the fault, then everything, then hands over."""
    may = sight.legal["category"]
    rows = rows_of(torch.where(may[:, AT[Action.RESTART]], AT[Action.RESTART], AT[Action.ESCALATE]))
    rows[:, COLUMN["scope"]] = (~sight.legal["scope"][:, 0]).long()
    return rows


def rules(environment: Environment, sight: Sight) -> torch.Tensor:
    return runbook(environment.world, sight.legal)


def oracle(environment: Environment, sight: Sight) -> torch.Tensor:
    """Knows every cause, its course and what would cure it; takes what is expected to cost least from here on.

    It looks one decision ahead: the cost of an action is the unhealth until it works, its own price, and, where it may
    fail, the time until that is known. A wait costs the unhealth until the causes have passed.
    """
    world, table = environment.world, environment.table
    rows = _parameters(world, table, sight)
    expected = _expected_minutes(environment, rows)
    expected = torch.where(sight.legal["category"], expected, BIG)
    rows[:, 0] = expected.argmin(1)
    return rows


def _expected_minutes(environment: Environment, rows: torch.Tensor) -> torch.Tensor:
    """[B, C]."""
    world, table, times = environment.world, environment.table, environment.times
    loss = own_loss(world, table, world.clock + 60, standing(world).float())
    rate = loss.amax(1) * traffic(world) / 60
    left = ((world.heals_at - world.clock[:, None]) * standing(world)).nan_to_num(posinf=3600.0).amax(1)
    stays = left.clamp(max=3600.0)
    works = torch.tensor(times.row(), device=rate.device)
    chance = _chance(world, table, rows)
    price = costs(rate.device)[None, :]
    fails = torch.minimum(stays, torch.full_like(stays, times.verify + 60))[:, None]
    minutes = price + rate[:, None] * (works[None, :] + (1 - chance) * fails) + (1 - chance) * price
    minutes = torch.where(chance > 0, minutes, BIG)
    minutes[:, AT[Action.NONE]] = rate * (stays + 15)
    minutes[:, AT[Action.ESCALATE]] = costs()[AT[Action.ESCALATE]] + rate * stays.clamp(max=times.person)
    return minutes


def _chance(world: World, table: CauseTable, rows: torch.Tensor) -> torch.Tensor:
    """[B, C] that the cause which hurts most is removed, with the parameters of `_parameters`."""
    worst = (world.impact * standing(world)).argmax(1, keepdim=True)
    cause = world.cause.gather(1, worst)[:, 0].clamp(min=0)
    need = world.need.gather(1, worst)[:, 0]
    chance = table.cures[cause].clone()
    ratio = torch.tensor([ratio for _, ratio in SCALES], device=chance.device)[rows[:, COLUMN["scale"]]]
    chance[:, AT[Action.SCALE]] *= (ratio >= need - 1e-3).float()
    size = torch.tensor([ratio for _, ratio in SIZES], device=chance.device)[rows[:, COLUMN["size"]]]
    chance[:, AT[Action.RESIZE]] *= (size >= need).float()
    return chance


def _parameters(world: World, table: CauseTable, sight: Sight) -> torch.Tensor:
    """The best parameters of every category at once; only those of the chosen category count."""
    worst = (world.impact * standing(world)).argmax(1, keepdim=True)
    cause = world.cause.gather(1, worst)[:, 0].clamp(min=0)
    need = world.need.gather(1, worst)
    rows = rows_of(cause)
    rows[:, COLUMN["scope"]] = _scope(world, sight)
    rows[:, COLUMN["scale"]] = _smallest(
        [ratio if what == "target" else -1.0 for what, ratio in SCALES], need, sight.legal["scale"]
    )
    at_zero = table.at_zero[cause]
    rows[:, COLUMN["scale"]] = torch.where(at_zero, len(SCALES) - 1, rows[:, COLUMN["scale"]])
    wanted = table.resource[cause]
    offered = torch.tensor(
        [["none", "cpu", "memory"].index(name) if name != "both" else -1 for name, _ in SIZES]
    )
    fitting = sight.legal["size"] & (offered.to(wanted.device) == wanted[:, None])
    rows[:, COLUMN["size"]] = _smallest([ratio for _, ratio in SIZES], need, fitting)
    rows[:, COLUMN["place"]] = _place(world, sight)
    rows[:, COLUMN["node"]] = world.fault_node.gather(1, worst)[:, 0]
    rows[:, COLUMN["drain"]] = DRAINS.index(True)
    return rows


def _scope(world: World, sight: Sight) -> torch.Tensor:
    some = affected_on(world).sum(1) < world.total
    by_pod = sight.legal["scope"][:, SCOPES.index("pod")] & (some | ~sight.legal["scope"][:, 1])
    return torch.where(by_pod, SCOPES.index("pod"), SCOPES.index("workload"))


def _smallest(ratios: list[float], need: torch.Tensor, may: torch.Tensor) -> torch.Tensor:
    """[B] the legal choice with the smallest ratio that is enough."""
    given = torch.tensor(ratios, device=need.device)
    return torch.where(may & (given >= need), given, BIG - 1 / (given + 2)).argmin(1)


def _place(world: World, sight: Sight) -> torch.Tensor:
    """The node with the most room that is under no pressure; the scheduler's choice where there is none."""
    good = sight.legal["place"][:, :-1] & (world.free >= affected_on(world).sum(1, keepdim=True))
    room = torch.where(good & ~world.node_pressure, world.free, -1.0)
    return torch.where(room.amax(1) >= 0, room.argmax(1), world.nodes)
