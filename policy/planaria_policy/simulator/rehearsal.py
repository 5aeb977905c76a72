"""The faults of the real cluster, healed in the simulator by the same action."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch

from planaria_policy.errors import BadData
from planaria_policy.simulator import players
from planaria_policy.simulator.causes import shipped
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.masks import AT
from planaria_policy.simulator.recovery import Row
from planaria_policy.simulator.times import Times
from planaria_policy.simulator.world import NO_CAUSE

CAUSES: Final = {
    "bad-configuration-rollout": "bad-configuration-rollout",
    "dependency-scaled-to-zero": "dependency-scaled-to-zero",
    "hanging-replica": "hanging-replica",
    "load-tripled": "load-tripled",
    "lost-node": "lost-node",
    "memory-leak-one-replica": "leak-in-one-replica",
    "memory-limit-too-low": "memory-limit-too-low",
    "missing-image-rollout": "image-that-does-not-exist",
}
"""From a scenario of the real cluster to the cause that the simulator plays for it."""

INCIDENTS: Final = 500
SEED: Final = 1


@dataclass(frozen=True)
class Pair:
    """One measured scenario, and the same cause in the simulator. Seconds since the fault was visible."""

    row: Row
    low: float
    """A tenth of the simulated incidents recover sooner."""
    middle: float
    high: float
    """A tenth recover later."""
    cured: float
    """Share of the simulated incidents that one action cures, as it did the real one; the seconds are of those."""


def simulate(row: Row, times: Times, *, incidents: int = INCIDENTS) -> Pair:
    """The action that healed the real one, with the parameters that the oracle chooses, in many worlds."""
    action = row.action
    assert action
    environment = _worlds(CAUSES[row.name], times, incidents)
    sight = environment.observe()
    may = sight.legal["category"][:, AT[action]]
    if not bool(may.any()):
        raise BadData(
            f"{row.name}: {action} is never possible in the simulator; mend {CAUSES[row.name]} in causes.yaml"
        )
    alone = torch.zeros_like(sight.legal["category"])
    alone[:, AT[action]] = True
    category = torch.where(may[:, None], alone, sight.legal["category"])
    chosen = players.oracle(environment, replace(sight, legal={**sight.legal, "category": category}))
    cured = environment.step(chosen).recovered & may & (chosen[:, 0] == AT[action])
    return _pair(row, environment.world.clock[cured], float(cured.sum() / may.sum()))


def _worlds(cause: str, times: Times, incidents: int) -> Environment:
    """With this cause and no other; the policy object of every scenario allows every action."""
    environment = Environment(incidents, SEED, times=times, autoreset=False)
    causes = torch.full((incidents, 2), NO_CAUSE)
    causes[:, 0] = shipped().at(cause)
    world = environment.generator.draw(incidents, causes)
    world.allowed[:] = True
    environment.set(world)
    return environment


def _pair(row: Row, seconds: torch.Tensor, cured: float) -> Pair:
    if not seconds.numel():
        raise BadData(
            f"{row.name}: {row.action} never cures it in the simulator; mend {CAUSES[row.name]} in causes.yaml"
        )
    low, middle, high = seconds.quantile(torch.tensor([0.1, 0.5, 0.9])).tolist()
    return Pair(row, low, middle, high, cured)


def compare(rows: Sequence[Row], times: Times) -> list[Pair]:
    """Every scenario that one action healed and that the simulator has a cause for."""
    return [simulate(row, times) for row in rows if row.action and row.name in CAUSES]
