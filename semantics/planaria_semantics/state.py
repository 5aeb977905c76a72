"""Opinion and window -> SemanticState. What is a function of the observation is computed here, never generated."""

from typing import Final

from planaria_contract import Evidence, Fault, Observation, SemanticState
from planaria_semantics.opinion import Opinion
from planaria_semantics.signs.reading import Reading
from planaria_semantics.signs.signs import Sign
from planaria_semantics.signs.summary import component, severity, summarise
from planaria_semantics.window import Window

LEAST: Final = 0.02
"""A second class less probable than this is not named."""
MAX_EVIDENCE: Final = 16


def settle(opinion: Opinion, window: Window) -> SemanticState:
    """The typed state. Its component, severity and summary do not depend on any log text."""
    reading = Reading(window.observation)
    best, second = opinion.ranked[:2]
    fault = Fault.UNKNOWN if opinion.unknown else best
    runner_up = best if opinion.unknown else second
    signs = [sign for sign in window.facts if sign.fault is fault]
    return SemanticState(
        fault=fault,
        secondary=runner_up if opinion.probabilities[runner_up] >= LEAST else None,
        component=component(fault, reading),
        severity=_severity(fault, opinion, window.observation, reading),
        confidence=round(min(opinion.probabilities[best], 1.0), 3),
        novelty=round(opinion.novelty, 3),
        summary=summarise(fault, signs, reading),
        evidence=_evidence(opinion, signs),
        source=opinion.source,
        model=opinion.model,
    )


def _severity(fault: Fault, opinion: Opinion, observation: Observation, reading: Reading) -> int:
    """Counted where there is something to count; else what the text says."""
    if observation.workload is not None or observation.symptoms or opinion.severity is None:
        return severity(reading)
    return 0 if fault is Fault.HEALTHY else max(opinion.severity, 1)


def _evidence(opinion: Opinion, signs: list[Sign]) -> tuple[Evidence, ...]:
    """The reader's lines first, then the facts that speak for the same fault; each once."""
    unique: dict[tuple[str, int, str], Evidence] = {}
    for item in (*opinion.evidence, *(sign.evidence for sign in signs)):
        unique.setdefault((item.kind, item.index, item.excerpt if item.kind == "fact" else ""), item)
    return tuple(unique.values())[:MAX_EVIDENCE]
