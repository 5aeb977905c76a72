"""What the room of meaning is told when it starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ExtractorName = Literal["rules", "encoder", "vllm", "hybrid"]


@dataclass(frozen=True, slots=True)
class SemanticsSettings:
    extractor: ExtractorName = "encoder"
    """Who reads first. `vllm` and `hybrid` need `vllm_url` and `vllm_model`, and fall back on the encoder, then the rules."""

    vllm_url: str | None = None
    """Base address of an OpenAI-compatible server, with or without /v1."""

    vllm_model: str | None = None
    """The model or adapter to ask for, as the server's /v1/models lists it."""

    api_key_file: Path | None = None
    """File with the server's API key, as a mounted Secret. It is read at every call, so a rotated key needs no restart."""

    reliability_file: Path | None = None
    """How often the model is right when it says so, measured. Default: a prior."""

    deadline_seconds: float = 5.0
    """For one question to the model, waiting for a free place included."""

    encoder_deadline_seconds: float = 2.0
    """For one reading by the embedded encoder, which on a core of its own takes a tenth of it; then the rules read. It counts
    from its turn on: one window is read at a time, and waiting for that is no failure (`turn.PATIENCE`)."""

    concurrency: int = 4
    """Questions on their way to the model at the same time."""

    queue: int = 64
    """Questions that may wait; the next ones are answered by the encoder at once."""

    examples: int = 3
    """Examples shown to the model with each question. A small model does better with fewer."""

    answer_tokens: int = 160
    """The longest answer. The form needs about 60 tokens with the tokenizers of large models."""

    probe_seconds: float = 15.0
    """How often a model that does not answer is tried, and one that was not asked is checked."""
