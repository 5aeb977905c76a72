from typing import Protocol

from planaria_contract import Observation, SemanticState


class Extractor(Protocol):
    """Equation 3 of the paper. Implementations differ in how well they read, not in what they return."""

    async def extract(self, observation: Observation) -> SemanticState:
        """Never raises for odd evidence: what is not recognised is `Fault.UNKNOWN`."""
        ...
