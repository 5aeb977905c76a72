"""What is chosen, not learned. Part of the model's version, together with the corpus."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    seed: int = 7
    members: int = 4
    """Networks that are fine-tuned from the same beginning, each with other fillings; the mean of their weights ships."""
    epochs: int = 4
    fillings: int = 1
    """Samples of each template in one epoch; each is filled anew."""
    batch_tokens: int = 4096
    rate: float = 3e-4
    warm_up: float = 0.06
    smoothing: float = 0.06
    second: float = 0.15
    """Share of the target that the second class gets."""
    severity: float = 0.2
    longest: int = 128
    ngram_epochs: int = 6
    ngram_rate: float = 0.02
