"""What the policy sees: names of the numbers, in the order in which the network reads them.

Every number lies between -1 and 1. The simulator fills them from its tensors and the service from the contract;
`tests/policy/test_same_sight.py` holds the two to the same figures.
"""

from typing import Final

from planaria_contract import Fault, SymptomKind
from planaria_policy.spaces.choices import CATEGORIES

FAULTS: Final = tuple(Fault)
SYMPTOMS: Final = tuple(SymptomKind)

SEMANTIC: Final = (
    *(f"fault.{fault}" for fault in FAULTS),
    *(f"secondary.{fault}" for fault in FAULTS),
    "confidence",
    "novelty",
    "severity",
)
"""`fault.X` is the confidence where X was read, else 0; `secondary.X` is 1 where X was read second."""

METRIC: Final = (
    "usage.memory",
    "usage.memory.known",
    "usage.siblings",
    "usage.siblings.known",
    "usage.cpu",
    "usage.cpu.known",
)
"""Share of the limit, halved and cut at 1: the fullest affected pod, the fullest unaffected one, the busiest of all."""

FACTS: Final = (
    "pods.total",
    "pods.affected",
    "pods.some",
    "pods.single",
    "pods.movable",
    "pods.restarts",
    "workload.ready",
    "rollout.running",
    "rollout.young",
    "rollout.age",
    "rollout.previous",
    "rollout.healed",
    "rollout.old.fine",
    "rollout.old.affected",
    "autoscaled",
    "dependency.broken",
    "dependency.at.zero",
    "nodes.lost",
    "nodes.single",
    "nodes.pressure",
    "age",
)

HISTORY: Final = (
    *(f"tried.{category}" for category in CATEGORIES),
    *(f"last.{category}" for category in CATEGORIES),
    "attempts.left",
)

ALLOWED: Final = tuple(f"allowed.{category}" for category in CATEGORIES)

SIGHTS: Final = (*SEMANTIC, *(f"symptom.{kind}" for kind in SYMPTOMS), *METRIC, *FACTS, *HISTORY, *ALLOWED)

NODE_SIGHTS: Final = ("exists", "ready", "schedulable", "pressure", "left", "affected", "unaffected")
"""Of each candidate node. `left`: it holds an affected pod; the last two are shares of the target's pods."""

AT: Final[dict[str, int]] = {name: number for number, name in enumerate(SIGHTS)}

YOUNG_SECONDS: Final = 1800
"""A revision is young for as long as the runbook lays a fault at its door."""
