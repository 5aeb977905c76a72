"""What cannot be chosen, in the simulator: the same rules by which the operator masks (`decide/masks.py` there)."""

from typing import Final

import torch

from planaria_contract import Action
from planaria_policy.simulator.world import World
from planaria_policy.spaces.choices import (
    CATEGORIES,
    DELAYS,
    DRAINS,
    MOST_WAITS,
    SCALES,
    SCOPES,
    SIZES,
    WAITS,
    WORKLOAD_ONLY,
)

Legal = dict[str, torch.Tensor]
"""For `category` and for each head: [B, choices], True where it may be chosen."""

AT: Final = {category: number for number, category in enumerate(CATEGORIES)}
OF_DEPENDENCY: Final = tuple(what == "dependency" for what, _ in SCALES)


def legal(world: World) -> Legal:
    """A category of which no parameter is left is not legal either."""
    heads = _heads(world)
    category = world.allowed.clone()
    for action in WORKLOAD_ONLY:
        category[:, AT[action]] &= ~world.is_node
    category[:, AT[Action.ROLLBACK]] &= world.previous & (world.tried[:, AT[Action.ROLLBACK]] == 0)
    category[:, AT[Action.RELOAD]] &= world.tried[:, AT[Action.RELOAD]] == 0
    category[:, AT[Action.RESIZE]] &= world.limited
    category[:, AT[Action.NONE]] &= world.tried[:, AT[Action.NONE]] < MOST_WAITS
    category[:, AT[Action.MIGRATE]] &= world.movable & heads["place"][:, :-1].any(1)
    for action, head in (
        (Action.RESTART, "scope"),
        (Action.SCALE, "scale"),
        (Action.RESIZE, "size"),
        (Action.ISOLATE, "node"),
    ):
        category[:, AT[action]] &= heads[head].any(1)
    out_of_attempts = (world.attempts_left <= 0)[:, None]
    only_a_person = torch.zeros_like(category)
    only_a_person[:, AT[Action.ESCALATE]] = True
    return {"category": torch.where(out_of_attempts, only_a_person, category), **heads}


def _heads(world: World) -> Legal:
    scopes, scales, sizes = world.done.split([len(SCOPES), len(SCALES), len(SIZES)], 1)
    of_dependency = torch.tensor(OF_DEPENDENCY, device=world.clock.device)
    scale = torch.where(of_dependency, world.at_zero[:, None], ~(world.autoscaled | world.at_zero)[:, None])
    holds = affected_on(world) > 0
    good = world.node_exists & world.node_ready & world.node_open & ~holds
    anyone = good.any(1, keepdim=True)
    suspect = world.node_exists & (holds | ~world.node_ready | world.node_pressure)
    return {
        "wait": _all(world, len(WAITS)),
        "scope": ~scopes,
        "scale": scale & ~scales,
        "size": ~sizes,
        "drain": _all(world, len(DRAINS)),
        "delay": _all(world, len(DELAYS)),
        "place": torch.cat([good, anyone], 1),
        "node": suspect & world.node_open,
    }


def affected_on(world: World) -> torch.Tensor:
    """[B, N] the target's pods that show the fault."""
    return world.hit_on.amax(1)


def _all(world: World, choices: int) -> torch.Tensor:
    return torch.ones(world.size, choices, dtype=torch.bool, device=world.clock.device)
