"""What is chosen, not learned. Part of the model's version, together with the corpus."""

from dataclasses import dataclass
from typing import Final

TWINS: Final = (
    "twins_applications",
    "twins_data_stores",
    "twins_kubernetes",
    "twins_machine_learning",
    "twins_machines",
    "twins_messaging_and_jobs",
    "twins_operations",
    "twins_web_and_identity",
)
"""Minimal pairs: a fault and what looks like it and is none, or is another."""
GATHERED: Final = (
    "faults_machines_and_chips",
    "faults_of_resources",
    "faults_of_services",
    "faults_of_settings",
    "healthy_applications",
    "healthy_cloud_native",
    "healthy_one_liners",
    "pasted_snippets",
    "pasted_snippets_two",
    "traces_and_windows",
    *TWINS,
)
"""Sources that are no one system: half of all templates, as people paste them from anywhere."""


@dataclass(frozen=True, slots=True)
class Recipe:
    seed: int = 7
    members: int = 2
    """Networks that are fine-tuned in each course from the same beginning, each with other fillings; what counts is the mean of
    all their weights."""
    courses: tuple[tuple[str, ...], ...] = ((), GATHERED)
    """The sources that the networks of each course do not read. What one learns from wording of everywhere dilutes what it
    knows of single systems; the mean keeps both."""
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
    later: tuple[str, ...] = TWINS
    """The sources that no course reads: the mean of the courses does, with all others once more."""
    further_epochs: int = 2
    further_rate: float = 2e-4
    ngram_epochs: int = 6
    ngram_rate: float = 0.02
