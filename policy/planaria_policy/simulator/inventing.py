"""Causes that nobody has written down, put together at random: how the policy learns to try when the usual does not help.

A written cause has a face (the class that is read, symptoms, usage) and a body (which pods it hits, its course, what
cures it). An invented one has the face of one and the body of another, so that a class alone does not give the cure
away, and what was tried in vain begins to tell something (domain randomisation: Tobin et al. 2017).
"""

from dataclasses import fields, replace
from typing import Final

import torch

from planaria_contract import CLASSES, Fault
from planaria_policy.simulator.causes import NODE_STATES, CauseTable

COUNT: Final = 1024
"""Invented causes in one run."""
FACE: Final = frozenset({"fault", "symptoms", "memory", "siblings", "cpu"})
"""What of a cause is seen; all else of it is its body."""


def with_invented(known: CauseTable, rows: tuple[int, ...], share: float, seed: int) -> CauseTable:
    """`known`, and behind it `COUNT` causes that together are drawn with this `share`.

    `rows`: of `known`, the only ones that faces and bodies are taken from, so that a held-out cause lends neither.
    """
    draws = torch.Generator().manual_seed(seed)
    allowed = torch.zeros(len(known.names), device=known.weight.device)
    allowed[list(rows)] = 1.0
    faces = _drawn(allowed * _faces(known, allowed), draws)
    bodies = _drawn(allowed * _bodies(known), draws)
    columns = {
        field.name: _behind(getattr(known, field.name), faces if field.name in FACE else bodies)
        for field in fields(known)
        if field.name != "names"
    }
    each = (known.weight * allowed).sum() * share / (1 - share) / COUNT
    columns["weight"] = torch.cat([known.weight, each.expand(COUNT)])
    names = (*known.names, *(f"invented-{number}" for number in range(COUNT)))
    return replace(known, names=names, **columns)


def _drawn(odds: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
    """On the CPU, so that the same seed invents the same on every device."""
    return torch.multinomial(odds.cpu(), COUNT, replacement=True, generator=draws).to(odds.device)


def _faces(known: CauseTable, allowed: torch.Tensor) -> torch.Tensor:
    """[V] odds: every class as often as any other, since of a class with few written causes the least is known.

    None where nothing is wrong: whoever reads `healthy` should go on believing it.
    """
    count = torch.bincount(known.fault, weights=allowed, minlength=len(CLASSES)).clamp(min=1)
    return (known.fault != CLASSES.index(Fault.HEALTHY)) / count[known.fault]


def _bodies(known: CauseTable) -> torch.Tensor:
    """[V] odds: what something can be done about. That others pass, or need a person, the written causes teach.

    None that the facts give away whatever was read: a lost node, a dependency at zero.
    """
    plain = (known.node != NODE_STATES.index("lost")) & ~known.at_zero
    return (plain & (known.cures > 0).any(1)).float()


def _behind(column: torch.Tensor, taken: torch.Tensor) -> torch.Tensor:
    return torch.cat([column, column[taken]])
