"""The language model as a `Reader`."""

import asyncio
from typing import Final, Protocol

from planaria_contract import Fault, ModelVersion, Source
from planaria_semantics.opinion import Opinion
from planaria_semantics.vllm.canary import CANARY
from planaria_semantics.vllm.client import VllmClient
from planaria_semantics.vllm.examples import choose
from planaria_semantics.vllm.prompt import PROMPT_VERSION, Prompt, render
from planaria_semantics.vllm.reliability import Reliability
from planaria_semantics.vllm.schema import Answer, answer_schema, parse
from planaria_semantics.window import Window

NOVEL: Final = 0.98
"""From this novelty on, where no fact speaks for a cause, the answer is `unknown`, whatever the model says: it would only be
guessing. Two of a hundred known texts reach it."""


class Novelty(Protocol):
    """How unlike anything in the corpus a window is, as its embedding tells."""

    def novelty(self, window: Window) -> float:
        """0 to 1. Called off the event loop."""
        ...


class VllmReader:
    """Implements `Reader`. The model names classes and lines; probabilities come from how often it was right."""

    def __init__(
        self,
        client: VllmClient,
        *,
        reliability: Reliability | None = None,
        examples: int = 3,
        novelty: Novelty | None = None,
    ) -> None:
        self._client = client
        self._reliability = reliability or Reliability.unmeasured()
        self._examples = examples
        self._novelty = novelty
        self.model = ModelVersion(id=client.model[:128], version=PROMPT_VERSION)

    async def read(self, window: Window) -> Opinion:
        answer, prompt = await self._ask(window)
        # Only of what was answered: a server that is away costs no encoding.
        novelty = await asyncio.to_thread(self._novelty.novelty, window) if self._novelty else None
        unknown = answer.fault is Fault.UNKNOWN or (not window.facts and (novelty or 0.0) >= NOVEL)
        return self._opinion(answer, prompt, novelty, unknown=unknown)

    async def probe(self) -> None:
        """Raises `SemanticsError` where a question would not be answered."""
        await self._client.check()
        await self._ask(CANARY)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _ask(self, window: Window) -> tuple[Answer, Prompt]:
        prompt = await asyncio.to_thread(lambda: render(window, choose(window, self._examples)))
        shown = len(prompt.shown)
        return parse(await self._client.ask(prompt.messages, answer_schema(shown)), shown), prompt

    def _opinion(self, answer: Answer, prompt: Prompt, novelty: float | None, *, unknown: bool) -> Opinion:
        lines = (prompt.shown[number] for number in dict.fromkeys(answer.evidence))
        return Opinion(
            probabilities=self._reliability.probabilities(answer.fault, answer.second),
            source=Source.VLLM,
            model=self.model,
            novelty=float(unknown) if novelty is None else novelty,
            unknown=unknown,
            evidence=tuple(entry.evidence for entry in lines),
            severity=answer.severity,
        )
