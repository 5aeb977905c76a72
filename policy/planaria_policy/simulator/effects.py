"""What an action does to a world: how long it takes, what it removes, what it breaks."""

from dataclasses import dataclass
from typing import Final

import torch

from planaria_contract import Action
from planaria_policy.simulator.causes import RESOURCES, CauseTable
from planaria_policy.simulator.health import standing
from planaria_policy.simulator.masks import AT, OF_DEPENDENCY, affected_on
from planaria_policy.simulator.world import NO_CAUSE, World
from planaria_policy.spaces.choices import COLUMN, DELAYS, SCALES, SCOPES, SIZES, WAITS

UNAVAILABLE: Final = 0.25
"""Share of the pods that a rolling update may take down: maxUnavailable, by default."""
STALE_REVISION: Final = 0.1
"""How often the revision before no longer fits its surroundings, so that going back without need breaks something."""
SCHEDULER_SKILL: Final = 0.92
"""How often the scheduler's own choice is a node that serves as well as any."""
PRESSED: Final = 0.5
"""How often a pod does well on a node under pressure."""
EVICTS_ALL: Final = 0.85
"""How often every pod at once can be evicted: a disruption budget may say no."""
HARMFUL: Final = 0.03
"""Share of the target's work, lost through an action, from which it counts as harm."""


@dataclass(frozen=True)
class Effects:
    """Of the chosen actions, one row each."""

    takes: torch.Tensor
    """[B] seconds until it works, the chosen delay included."""
    cures: torch.Tensor
    """[B, F] the causes that it removes."""
    restarts: torch.Tensor
    """[B, F] the cause is a start that is under way, and it begins from the front."""
    quiet: torch.Tensor
    """[B, F] seconds for which a cause is only silenced."""
    breaks: torch.Tensor
    """[B] share of the target's work that the action itself costs until it is undone."""
    disturbs: torch.Tensor
    """[B] share of the target's pods that were well and are replaced all the same."""


@dataclass(frozen=True)
class Chosen:
    """The actions, taken apart."""

    rows: torch.Tensor
    """[B, 1 + heads], as `spaces/choices.py` says."""

    def head(self, name: str) -> torch.Tensor:
        return self.rows[:, COLUMN[name]]

    @property
    def category(self) -> torch.Tensor:
        return self.rows[:, 0]

    def does(self, action: Action) -> torch.Tensor:
        return self.category == AT[action]

    def value(self, name: str, values: tuple[float, ...]) -> torch.Tensor:
        return torch.tensor(values, device=self.rows.device)[self.head(name)]


def effects(
    world: World, table: CauseTable, chosen: Chosen, works: torch.Tensor, draws: torch.Generator
) -> Effects:
    """`works` [C] is how long each category takes to work."""
    device = world.clock.device
    luck = torch.rand(world.size, 5, generator=draws, device=device)
    known = world.cause.clamp(min=0)
    chance = table.cures[known, chosen.category[:, None]] * _fits(world, table, chosen, luck)
    cures = (luck[:, :2] < chance) & standing(world)
    quiet = table.relieves[known, chosen.category[:, None]] * (world.cause != NO_CAUSE) * ~cures
    delayed = chosen.does(Action.RESTART) | chosen.does(Action.MIGRATE) | chosen.does(Action.SCALE)
    delay = chosen.value("delay", tuple(map(float, DELAYS))) * delayed
    return Effects(
        takes=works[chosen.category] + delay,
        cures=cures,
        restarts=_restarts(world, table, chosen),
        quiet=quiet * standing(world),
        breaks=_breaks(world, table, chosen, cures.any(1), luck[:, 4]),
        disturbs=_disturbs(world, chosen),
    )


def wait_seconds(chosen: Chosen) -> torch.Tensor:
    return chosen.value("wait", tuple(map(float, WAITS)))


def _fits(world: World, table: CauseTable, chosen: Chosen, luck: torch.Tensor) -> torch.Tensor:
    """[B, F] how well the parameters suit each cause, from 0 to 1."""
    known = world.cause.clamp(min=0)
    fits = torch.ones_like(world.need)
    for action, suits in (
        (Action.SCALE, _scale_fits(world, table, chosen)),
        (Action.RESIZE, _size_fits(world, chosen, table.resource[known])),
        (Action.MIGRATE, _place_fits(world, chosen, luck[:, 2])[:, None]),
        (Action.RESTART, _scope_fits(world, chosen)[:, None]),
        (Action.ISOLATE, _node_fits(world, chosen)),
    ):
        fits = torch.where(chosen.does(action)[:, None], suits, fits)
    return fits


def _scale_fits(world: World, table: CauseTable, chosen: Chosen) -> torch.Tensor:
    ratio = chosen.value("scale", tuple(ratio for _, ratio in SCALES))[:, None]
    of_dependency = torch.tensor(OF_DEPENDENCY, device=ratio.device)[chosen.head("scale")][:, None]
    right_one = table.dependency[world.cause.clamp(min=0)] == of_dependency
    return (right_one & (ratio >= world.need - 1e-3)).float()


def _size_fits(world: World, chosen: Chosen, wanted: torch.Tensor) -> torch.Tensor:
    names = torch.tensor(
        [RESOURCES.index(name) if name in RESOURCES else -1 for name, _ in SIZES], device=wanted.device
    )
    raised = names[chosen.head("size")][:, None]
    ratio = chosen.value("size", tuple(ratio for _, ratio in SIZES))[:, None]
    return (((raised == wanted) | (raised == -1)) & (ratio >= world.need)).float()


def _place_fits(world: World, chosen: Chosen, luck: torch.Tensor) -> torch.Tensor:
    """[B] the chosen node must take the pods and be well; the scheduler chooses well most of the time."""
    place = chosen.head("place")
    by_scheduler = place >= world.nodes
    at = place.clamp(max=world.nodes - 1)[:, None]
    room = world.free.gather(1, at)[:, 0] >= affected_on(world).sum(1)
    pressed = world.node_pressure.gather(1, at)[:, 0]
    by_name = room * torch.where(pressed & (luck > PRESSED), 0.0, 1.0)
    room_anywhere = (world.free * world.node_ready * world.node_open).sum(1) >= affected_on(world).sum(1)
    return torch.where(by_scheduler, SCHEDULER_SKILL * room_anywhere, by_name)


def _scope_fits(world: World, chosen: Chosen) -> torch.Tensor:
    everything = affected_on(world).sum(1) >= world.total
    by_eviction = chosen.head("scope") == SCOPES.index("pod")
    return torch.where(everything & by_eviction & (world.total > 1), EVICTS_ALL, 1.0)


def _node_fits(world: World, chosen: Chosen) -> torch.Tensor:
    """Cordoning alone leaves the pods where they are."""
    right_one = chosen.head("node")[:, None] == world.fault_node
    return (right_one & (chosen.head("drain") == 1)[:, None]).float()


def _breaks(
    world: World, table: CauseTable, chosen: Chosen, cured: torch.Tensor, luck: torch.Tensor
) -> torch.Tensor:
    affected = affected_on(world)
    well = 1 - affected.sum(1) / world.total.clamp(min=1)
    stuck = ((~table.starts[world.cause.clamp(min=0)]) & standing(world)).any(1)
    rolls = chosen.does(Action.RESTART) & (chosen.head("scope") == SCOPES.index("workload"))
    new_pods = torch.where(rolls & stuck & ~cured, UNAVAILABLE * well, 0.0)
    going_back = torch.where(chosen.does(Action.ROLLBACK) & ~cured & (luck < STALE_REVISION), 0.3 * well, 0.0)
    return torch.maximum(
        torch.maximum(new_pods, going_back),
        torch.maximum(_shrinks(world, chosen), _displaces(world, chosen, affected)),
    )


def _restarts(world: World, table: CauseTable, chosen: Chosen) -> torch.Tensor:
    replaces = torch.zeros(world.size, dtype=torch.bool, device=world.clock.device)
    for action in (Action.RESTART, Action.MIGRATE, Action.RESIZE, Action.ROLLBACK):
        replaces |= chosen.does(action)
    return table.anew[world.cause.clamp(min=0)] & standing(world) & replaces[:, None]


def _disturbs(world: World, chosen: Chosen) -> torch.Tensor:
    """A changed template replaces every pod; going back in the middle of a rollout only the new ones."""
    rolls = chosen.does(Action.RESTART) & (chosen.head("scope") == SCOPES.index("workload"))
    rolls = rolls | chosen.does(Action.RESIZE) | (chosen.does(Action.ROLLBACK) & ~world.rolling)
    return rolls * (1 - affected_on(world).sum(1) / world.total.clamp(min=1))


def _shrinks(world: World, chosen: Chosen) -> torch.Tensor:
    """Fewer replicas than the load needs. No one fault makes a target need fewer, so a scale down is never a cure."""
    ratio = chosen.value("scale", tuple(ratio for _, ratio in SCALES))
    served = (ratio / (1 - world.spare)).clamp(max=1)
    return torch.where(chosen.does(Action.SCALE) & (ratio < 1), 1 - served, 0.0)


def _displaces(world: World, chosen: Chosen, affected: torch.Tensor) -> torch.Tensor:
    """Draining a node moves the pods on it that are well, and some find no room elsewhere."""
    node = chosen.head("node").clamp(max=world.nodes - 1)[:, None]
    moved = (world.pods - affected).clamp(min=0).gather(1, node)[:, 0]
    elsewhere = world.free * world.node_ready * world.node_open
    room = elsewhere.sum(1) - elsewhere.gather(1, node)[:, 0]
    lost = (moved - room).clamp(min=0) / world.total.clamp(min=1)
    return torch.where(chosen.does(Action.ISOLATE) & (chosen.head("drain") == 1), lost, 0.0)
