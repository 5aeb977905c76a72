"""Remembered incidents that began like the one that is asked about, in the contract's words."""

from collections.abc import Sequence
from typing import Final

from planaria_contract import Fault, Precedent
from planaria_policy.memory import Memory, Neighbour
from planaria_policy.spaces.encode import Encoded

MOST: Final = 3
LONGEST_DID: Final = 280

Found = tuple[Precedent, ...]


def precedents(memory: Memory, encoded: Sequence[Encoded], incidents: Sequence[str]) -> list[Found]:
    """For each question the nearest, at most three; an incident is no precedent of itself."""
    return [
        tuple(precedent(one) for one in memory.nearest(seen.facts, MOST + 1) if one.incident != incident)[
            :MOST
        ]
        for seen, incident in zip(encoded, incidents, strict=True)
    ]


def precedent(one: Neighbour) -> Precedent:
    return Precedent(
        incident=one.incident[:253],
        fault=Fault(one.fault) if one.fault in set(Fault) else Fault.UNKNOWN,
        did=_clipped(", then ".join(one.actions)),
        recovered=one.recovered,
        harmed=one.harmed,
        minutes=one.total,
        similarity=min(1.0, max(0.0, 1 - one.distance)),
    )


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_DID else text[: LONGEST_DID - 1] + "…"
