"""A language model behind the OpenAI API: asked with a fixed form to fill in, and believed only as far as it was measured."""

from planaria_semantics.vllm.client import VllmClient
from planaria_semantics.vllm.reader import Novelty, VllmReader

__all__ = ["Novelty", "VllmClient", "VllmReader"]
