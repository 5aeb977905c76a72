"""Equation 3 of the paper, as two interfaces."""

from typing import Protocol

from planaria_contract import Observation, SemanticState
from planaria_semantics.opinion import Opinion
from planaria_semantics.window import Window


class Reader(Protocol):
    """Forms an opinion of a window: rules, the encoder, a vLLM service."""

    async def read(self, window: Window) -> Opinion:
        """Raises `SemanticsError` where it cannot."""
        ...


class Extractor(Protocol):
    """What the operator asks. Implementations differ in how well they read, not in what they return."""

    async def extract(self, observation: Observation) -> SemanticState:
        """Never raises for odd evidence: what is not recognised is `Fault.UNKNOWN`."""
        ...
