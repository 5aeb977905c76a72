"""The state of B clusters: one tensor for each thing, with a row for each cluster.

S services, N nodes, F = 2 causes at once, C categories, K symptoms. Service `TARGET` has the incident; `NEAR` is a
service that it calls. A service depends only on services before it, so failures spread in one sweep.
"""

from dataclasses import dataclass, fields
from typing import Final

import torch

NEAR: Final = 1
TARGET: Final = 2
SLOTS: Final = 2
"""Causes that a world can have at once."""
NO_CAUSE: Final = -1


@dataclass
class World:
    # --- the service graph
    weight: torch.Tensor
    """[B, S] users of a service, in users of the target; 0 where there is no such service."""
    coupling: torch.Tensor
    """[B, S, S] share of a service's work that is lost where the other is away; lower triangle only."""
    blip: torch.Tensor
    """[B, S] loss of a service's own, from noise that has nothing to do with the incident."""
    blip_ends: torch.Tensor
    """[B] seconds."""
    traffic_phase: torch.Tensor
    """[B] seconds into the day at the beginning."""

    # --- nodes
    pods: torch.Tensor
    """[B, N] the target's pods."""
    free: torch.Tensor
    """[B, N] room for further pods."""
    node_exists: torch.Tensor
    node_ready: torch.Tensor
    node_open: torch.Tensor
    node_pressure: torch.Tensor

    # --- the target
    is_node: torch.Tensor
    """[B] the incident's target is a node, which has pods but is no workload."""
    total: torch.Tensor
    """[B] the target's pods."""
    previous: torch.Tensor
    revision_age: torch.Tensor
    """[B] seconds at the beginning."""
    rolling: torch.Tensor
    old_fine: torch.Tensor
    old_affected: torch.Tensor
    healed: torch.Tensor
    """[B] the newest revision is a healing action's own work."""
    autoscaled: torch.Tensor
    movable: torch.Tensor
    limited: torch.Tensor
    """[B] its containers have limits."""
    allowed: torch.Tensor
    """[B, C] by the policy object and by what the operator has hands for."""
    broken: torch.Tensor
    """[B] a dependency has no ready endpoint."""
    at_zero: torch.Tensor
    spare: torch.Tensor
    """[B] share of the capacity that is not used in quiet times."""

    # --- what is measured and seen
    memory: torch.Tensor
    siblings: torch.Tensor
    cpu: torch.Tensor
    measured: torch.Tensor
    """[B] whether usage is known."""
    symptoms: torch.Tensor
    """[B, K] 0 or 1."""
    restarts: torch.Tensor
    flap: torch.Tensor
    """[B] share of the affected pods that the workload counts as ready, because they come and go."""

    # --- the causes, hidden
    cause: torch.Tensor
    """[B, F] row of the cause table, or `NO_CAUSE`."""
    impact: torch.Tensor
    """[B, F] share of their traffic that the hit pods lose."""
    hit: torch.Tensor
    """[B, F] pods that are hit."""
    hit_on: torch.Tensor
    """[B, F, N] the same, by node."""
    fault_node: torch.Tensor
    """[B, F] the node that a cause of reach `node` is on."""
    onset: torch.Tensor
    heals_at: torch.Tensor
    need: torch.Tensor
    cured: torch.Tensor
    quiet_until: torch.Tensor
    """[B, F] relieved, not cured."""

    # --- the incident so far
    clock: torch.Tensor
    """[B] seconds since the fault was visible."""
    steps: torch.Tensor
    attempts_left: torch.Tensor
    tried: torch.Tensor
    """[B, C] how often."""
    last: torch.Tensor
    """[B] index of the category that was tried last, waits aside; or -1."""
    done: torch.Tensor
    """[B, bits] choices that were tried and did not help: scopes, scales, sizes, places."""
    read: torch.Tensor
    """[B] index into `FAULTS`: what the extractor says at present."""
    second: torch.Tensor
    confidence: torch.Tensor
    novelty: torch.Tensor
    severity: torch.Tensor

    def replace(self, rows: torch.Tensor, other: "World", taken: slice) -> None:
        """Put rows of `other` in the place of `rows` (indexes)."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)[taken]

    def pick(self, rows: torch.Tensor | slice) -> "World":
        """A copy of some rows."""
        return World(**{name: tensor[rows].clone() for name, tensor in self.tensors().items()})

    def tensors(self) -> dict[str, torch.Tensor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def size(self) -> int:
        return int(self.clock.shape[0])

    @property
    def nodes(self) -> int:
        return int(self.pods.shape[1])
