"""Who falls ill when, in seconds of the play. Without chance, so that two plays are the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from planaria_observability.play.bodies import Body
from planaria_observability.play.cluster import App
from planaria_observability.play.faults import TROUBLES, Trouble

GUARDRAILS: Final[Body] = {"cooldownSeconds": 240, "budget": {"actions": 8, "windowSeconds": 3600}}
VERIFICATION: Final[Body] = {"timeoutSeconds": 180, "stableForSeconds": 30}
POLICIES: Final[dict[tuple[str, str], Body]] = {
    ("shop", "web"): {
        "mode": "Enforce",
        "selector": {"matchLabels": {"tier": "web"}},
        "guardrails": GUARDRAILS,
        "verification": VERIFICATION,
    },
    ("shop", "backend"): {
        "mode": "Enforce",
        "selector": {"matchLabels": {"tier": "backend"}},
        "decide": {"mode": "policy"},
        "guardrails": {**GUARDRAILS, "budget": {"actions": 6, "windowSeconds": 3600}},
        "verification": VERIFICATION,
    },
    ("stock", "all"): {"mode": "Observe", "guardrails": GUARDRAILS, "verification": VERIFICATION},
}
"""The learned policy decides for the backend, is in shadow for the web, and stock only watches."""

STORM: Final = next(trouble for trouble in TROUBLES if trouble.name == "hang")
FIRST, STORM_AT, STORM_OF = 60.0, 10_800.0, 3
PAUSES: Final = (150.0, 420.0, 240.0, 600.0, 90.0, 330.0)
POLICY_AWAY: Final = (14_400.0, 16_200.0)
MODEL_AWAY: Final = (7_200.0, 9_000.0)
"""Seconds from and to which the service answers nothing."""


def apps() -> list[App]:
    web = [App("shop", name, "web") for name in ("front", "cart", "search", "images")]
    backend = [App("shop", name, "backend") for name in ("checkout", "orders", "payments", "mail")]
    stock = [App("stock", name, "stock") for name in ("ledger", "import", "report")]
    return [*web, *backend, *stock]


@dataclass(frozen=True, slots=True)
class Stroke:
    at: float
    app: App
    trouble: Trouble


def strokes(found: list[App], pause: float = 1.0) -> Iterator[Stroke]:
    """For ever. `pause` shortens or stretches the time between two of them."""
    order = sorted(found, key=lambda app: (hash_of(app.name), app.name))
    pairs = zip(cycle(order), cycle(TROUBLES), cycle(PAUSES))
    at, stormed = FIRST, False
    for app, trouble, wait in pairs:
        if at >= STORM_AT and not stormed:
            stormed = True
            yield from (Stroke(at, each, STORM) for each in found[:STORM_OF])
        yield Stroke(at, app, trouble)
        at += wait * pause


def hash_of(name: str) -> int:
    """Mixes the tiers, the same way in every process."""
    return sum(ord(letter) * (index + 3) for index, letter in enumerate(name)) % 17
