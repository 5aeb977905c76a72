"""What a model says against Kubernetes itself is not used.

It stands outside the gate and the breaker: a model that answers is not to be left alone, and an answer that is remembered is not
asked for again only because it was doubted.
"""

from planaria_contract import Fault
from planaria_semantics.errors import Implausible
from planaria_semantics.extractor import Reader
from planaria_semantics.opinion import Opinion
from planaria_semantics.window import Window


class Sceptic:
    """Implements `Reader`. Raises `Implausible` where failing pods are called healthy."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def read(self, window: Window) -> Opinion:
        opinion = await self._reader.read(window)
        if opinion.ranked[0] is Fault.HEALTHY and not opinion.unknown and window.observation.symptoms:
            raise Implausible("the model calls healthy what Kubernetes reports as failing")
        return opinion
