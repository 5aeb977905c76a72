"""The operator's runbook over tensors: for each fault its rungs, tried in order, else a person."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from planaria_contract import Action, Fault
from planaria_policy.simulator.masks import AT, Legal, affected_on
from planaria_policy.simulator.observe import affected_count, seen_pods
from planaria_policy.simulator.world import World
from planaria_policy.spaces.choices import COLUMN, HEADS, SCALES, SCOPES, SIZES, WAITS
from planaria_policy.spaces.sights import FAULTS, YOUNG_SECONDS

LOW_CONFIDENCE: Final = 0.4
SIBLING_CALM: Final = 0.75


@dataclass(frozen=True)
class Facts:
    """What the rungs ask of a world; each [B]."""

    world: World
    legal: Legal

    @property
    def affected(self) -> torch.Tensor:
        return affected_count(self.world)

    @property
    def some_pods(self) -> torch.Tensor:
        return (self.affected > 0) & (self.affected < seen_pods(self.world))

    @property
    def single(self) -> torch.Tensor:
        return (self.affected == 1) & self.some_pods

    @property
    def to_blame(self) -> torch.Tensor:
        world = self.world
        fresh = world.rolling | (world.revision_age + world.clock < YOUNG_SECONDS)
        return world.previous & fresh & ~world.old_affected & ~world.healed & ~world.is_node

    @property
    def confined(self) -> torch.Tensor:
        world = self.world
        known = world.measured & ~world.is_node & (self.affected < world.total)
        few = self.affected * 2 <= seen_pods(world)
        return self.some_pods & torch.where(known, world.siblings < SIBLING_CALM, few)

    @property
    def waits(self) -> torch.Tensor:
        return self.world.tried[:, AT[Action.NONE]]

    @property
    def lost_node(self) -> torch.Tensor:
        return ((affected_on(self.world) > 0) & ~self.world.node_ready).any(1)


Condition = Callable[[Facts], torch.Tensor]


@dataclass(frozen=True)
class Rung:
    action: Action
    choices: dict[str, int]
    when: Condition


def _wait(seconds: int, times: int, when: Condition = lambda facts: facts.waits >= 0) -> Rung:
    choice = {"wait": WAITS.index(seconds)}
    return Rung(Action.NONE, choice, lambda facts: (facts.waits < times) & when(facts))


def _resize(resource: str, ratio: float, when: Condition) -> Rung:
    return Rung(Action.RESIZE, {"size": SIZES.index((resource, ratio))}, when)


_is_workload: Condition = lambda facts: ~facts.world.is_node  # noqa: E731  a rung reads as one line
_any: Condition = lambda facts: facts.affected > 0  # noqa: E731
_at_zero: Condition = lambda facts: facts.world.at_zero & facts.world.broken  # noqa: E731

_BY_POD = {"scope": SCOPES.index("pod")}
ROLLBACK = Rung(Action.ROLLBACK, {}, lambda facts: facts.to_blame)
ROLLBACK_COMPARED = Rung(Action.ROLLBACK, {}, lambda facts: facts.to_blame & facts.world.old_fine)
ROLLBACK_STUCK = Rung(
    Action.ROLLBACK, {}, lambda facts: facts.world.rolling & facts.to_blame & facts.world.old_fine
)
RESTART_AFFECTED = Rung(Action.RESTART, _BY_POD, lambda facts: facts.some_pods)
RESTART_LEAKING = Rung(Action.RESTART, _BY_POD, lambda facts: facts.confined)
RESTART_SINGLE = Rung(Action.RESTART, _BY_POD, lambda facts: facts.single)
RESTART_ALL = Rung(
    Action.RESTART, {"scope": SCOPES.index("workload")}, lambda facts: (facts.affected > 0) & ~facts.some_pods
)
SCALE_UP = Rung(Action.SCALE, {"scale": SCALES.index(("target", 2.0))}, _is_workload)
RESTORE = Rung(Action.SCALE, {"scale": SCALES.index(("dependency", 1.0))}, _at_zero)
MOVE = Rung(Action.MIGRATE, {"place": -1}, lambda facts: facts.lost_node & facts.world.movable)
HESITATE = Rung(
    Action.NONE,
    {"wait": WAITS.index(60)},
    lambda facts: (facts.world.confidence < LOW_CONFIDENCE) & (facts.world.tried.sum(1) == 0),
)

RUNBOOK: Final[dict[Fault, tuple[Rung, ...]]] = {
    Fault.MEMORY_EXHAUSTION: (
        ROLLBACK_COMPARED,
        RESTART_LEAKING,
        _resize("memory", 2.0, _any),
        _resize("memory", 3.0, _any),
    ),
    Fault.APPLICATION_CRASH: (ROLLBACK, RESTART_AFFECTED, RESTART_ALL),
    Fault.BAD_CONFIGURATION: (ROLLBACK,),
    Fault.IMAGE_PULL: (ROLLBACK, _wait(60, 2)),
    Fault.HANG_OR_PROBE_FAILURE: (ROLLBACK_STUCK, RESTART_AFFECTED, ROLLBACK, RESTART_ALL),
    Fault.DEPENDENCY_UNAVAILABLE: (
        RESTORE,
        _wait(60, 2, lambda facts: ~_at_zero(facts)),
        _wait(180, 3, lambda facts: ~_at_zero(facts)),
    ),
    Fault.OVERLOAD: (SCALE_UP, _resize("cpu", 2.0, _is_workload)),
    Fault.CPU_SATURATION: (SCALE_UP, _resize("cpu", 2.0, _is_workload)),
    Fault.NODE_FAULT: (MOVE, _wait(60, 2)),
    Fault.SCHEDULING_BLOCKED: (_wait(60, 1), _wait(180, 2)),
    Fault.STORAGE_FAULT: (_wait(60, 2),),
    Fault.NETWORK_FAULT: (_wait(30, 1), _wait(60, 3)),
    Fault.ACCELERATOR_FAULT: (_wait(60, 1),),
    Fault.ACCELERATOR_MEMORY: (RESTART_SINGLE,),
    Fault.AUTH_OR_CERTIFICATE: (),
    Fault.UNKNOWN: (_wait(60, 1), RESTART_SINGLE),
    Fault.HEALTHY: (_wait(60, 10_000),),
}


def runbook(world: World, legal: Legal) -> torch.Tensor:
    """[B, 1 + heads]: the first rung that fits, is legal, and was not tried."""
    facts = Facts(world, legal)
    rows = torch.zeros(world.size, 1 + len(HEADS), dtype=torch.long, device=world.clock.device)
    rows[:, 0] = AT[Action.ESCALATE]
    open_ = world.attempts_left > 0
    for fault, ladder in RUNBOOK.items():
        waiting = open_ & (world.read == FAULTS.index(fault))
        for rung in (HESITATE, *ladder):
            waiting = _climb(facts, rung, waiting, rows)
    return rows


def _climb(facts: Facts, rung: Rung, waiting: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Write this rung into the waiting rows that it fits; returns the rows that still wait."""
    takes = waiting & rung.when(facts) & facts.legal["category"][:, AT[rung.action]]
    for head, choice in rung.choices.items():
        takes = takes & facts.legal[head][:, choice]
    rows[takes, 0] = AT[rung.action]
    for head, choice in rung.choices.items():
        rows[takes, COLUMN[head]] = choice if choice >= 0 else facts.world.nodes
    return waiting & ~takes
