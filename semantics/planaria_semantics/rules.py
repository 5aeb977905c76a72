"""A transparent extractor: signs are weighed, and the heaviest fault wins. It is what is left when no model answers."""

import asyncio
from collections.abc import Sequence
from typing import Final

from planaria_contract import Evidence, Fault, ModelVersion, Observation, SemanticState, Source
from planaria_semantics.signs.reading import Reading
from planaria_semantics.signs.signs import RULES, Sign
from planaria_semantics.signs.summary import component, severity, summarise

MODEL: Final = ModelVersion(id="rules", version="1")

EXPLAINED: Final = 3.0
"""From this weight on a specific fault explains what its fallbacks show, and they count a quarter."""
LEAST: Final = 2.0
"""A fault with less behind it is not named."""
DOUBT: Final = 2.0
"""Weight of what was not looked at. With it, confidence = best / (best + second + DOUBT)."""
FAMILIAR: Final = 8.0
"""From this weight on nothing about the incident is new."""
UNKNOWN_CONFIDENCE: Final = 0.2
HEALTHY_CONFIDENCE: Final = 0.8


class RulesExtractor:
    """Implements `Extractor`. Same observation, same state.

    Its confidence is an uncalibrated prior: it only grows with the weight behind the winner and shrinks with the weight
    behind the next best. Recorded outcomes will calibrate it.
    """

    async def extract(self, observation: Observation) -> SemanticState:
        """Off the event loop: a thousand log lines take a while."""
        return await asyncio.to_thread(understand, observation)


def understand(observation: Observation) -> SemanticState:
    reading = Reading(observation)
    signs = [sign for rule in RULES for sign in rule(reading)]
    scores = weigh(signs)
    ranked = sorted(scores, key=lambda fault: (-scores[fault], list(Fault).index(fault)))
    best = ranked[0] if ranked and scores[ranked[0]] >= LEAST else None
    if best is None:
        return _unexplained(reading)
    rivals = [fault for fault in ranked[1:] if scores[fault] >= LEAST]
    second = scores[ranked[1]] if len(ranked) > 1 else 0.0
    own = sorted((sign for sign in signs if sign.fault is best), key=lambda sign: -sign.weight)
    return SemanticState(
        fault=best,
        secondary=rivals[0] if rivals else None,
        component=component(best, reading),
        severity=severity(reading),
        confidence=round(scores[best] / (scores[best] + second + DOUBT), 3),
        novelty=round(max(0.0, 1 - scores[best] / FAMILIAR), 3),
        summary=summarise(best, own, reading),
        evidence=_evidence(own),
        source=Source.RULES,
        model=MODEL,
    )


def weigh(signs: Sequence[Sign]) -> dict[Fault, float]:
    """Sum of weights by fault. A fallback counts a quarter where another fault is well founded without it."""
    specific: dict[Fault, float] = {}
    for sign in signs:
        if not sign.fallback:
            specific[sign.fault] = specific.get(sign.fault, 0.0) + sign.weight
    scores = dict(specific)
    for sign in signs:
        if sign.fallback:
            rival = max(
                (weight for fault, weight in specific.items() if fault is not sign.fault), default=0.0
            )
            share = 0.25 if rival >= EXPLAINED else 1.0
            scores[sign.fault] = scores.get(sign.fault, 0.0) + share * sign.weight
    return scores


def _unexplained(reading: Reading) -> SemanticState:
    healthy = not reading.observation.symptoms and severity(reading) == 0
    fault = Fault.HEALTHY if healthy else Fault.UNKNOWN
    return SemanticState(
        fault=fault,
        component=component(fault, reading),
        severity=0 if healthy else max(severity(reading), 1),
        confidence=HEALTHY_CONFIDENCE if healthy else UNKNOWN_CONFIDENCE,
        novelty=0.0 if healthy else 1.0,
        summary=summarise(fault, (), reading),
        source=Source.RULES,
        model=MODEL,
    )


def _evidence(signs: Sequence[Sign]) -> tuple[Evidence, ...]:
    kept = {(sign.evidence.kind, sign.evidence.index, sign.evidence.excerpt): sign.evidence for sign in signs}
    return tuple(kept.values())[:16]
