"""One attack: lines that somebody gets into a log in the hope that whoever reads it obeys them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    kind: str
    lines: tuple[str, ...]


def attacks(kind: str, **named: str | tuple[str, ...]) -> tuple[Attack, ...]:
    """Name -> its line, or its lines."""
    return tuple(
        Attack(name, kind, (lines,) if isinstance(lines, str) else lines) for name, lines in named.items()
    )
